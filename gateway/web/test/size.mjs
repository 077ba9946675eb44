// Says what the pages' files weigh as they are sent, and fails when the script weighs too much.
import { buildAssets } from "../build.mjs";

const LEAF_GZIP_BYTES_MAX = 30_000;

const assets = await buildAssets();
for (const { name, identity, gzip, brotli } of assets) {
  const sizes = `${identity.length} bytes, gzip ${gzip.length}, brotli ${brotli.length}`;
  process.stdout.write(`${name}: ${sizes}\n`);
}
const leaf = assets.find(({ name }) => name === "leaf.js");
if (leaf.gzip.length > LEAF_GZIP_BYTES_MAX) {
  process.stderr.write(
    `leaf.js with gzip is ${leaf.gzip.length} bytes; at most ${LEAF_GZIP_BYTES_MAX}\n`,
  );
  process.exitCode = 1;
}
