// Bundles src/main.ts and src/page.css, and writes assets.cc, which defines gateway/pages/frame/assets.h.
// What the script loads by import() becomes a file of its own, under its own hash.
// Usage: node build.mjs --output=DIR
import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { build } from "esbuild";

// The pages' names for the files, what each is made of and how a browser is to read it.
const ASSETS = [
  { name: "leaf.js", source: "src/main.ts", contentType: "text/javascript; charset=utf-8" },
  { name: "page.css", source: "src/page.css", contentType: "text/css; charset=utf-8" },
  { name: "icon.svg", source: "src/icon.svg", contentType: "image/svg+xml" },
];

// What the client cache comes with and nobody here uses, and what stands in for it.
const REPLACED = {
  "./mutationCache.js": "src/no_mutations.ts",
  "./onlineManager.js": "src/always_online.ts",
  "./focusManager.js": "src/told_focus.ts",
  "./timeoutManager.js": "src/plain_timers.ts",
};

const withoutUnused = {
  name: "without-unused",
  setup({ onResolve }) {
    onResolve({ filter: /^\.\/(mutationCache|(online|focus|timeout)Manager)\.js$/ }, ({ path }) => {
      return { path: fileURLToPath(new URL(REPLACED[path], import.meta.url)) };
    });
  },
};

// Leaves an import() to the browser, and has what it loads built beside. Such a file brings along all
// that it imports itself, so it must hold no state that the page has already.
function onDemand(addAsset) {
  return {
    name: "on-demand",
    setup({ onResolve }) {
      onResolve({ filter: /\.ts$/ }, async ({ kind, path, importer }) => {
        if (kind !== "dynamic-import") return undefined;
        const name = basename(path).replace(/ts$/, "js");
        const source = join(dirname(importer), path);
        const asset = await addAsset({ ...ASSETS[0], name, source });
        return { path: asset.path, external: true };
      });
    },
  };
}

// The bytes of one asset as a browser gets them.
async function bundle({ source }, addAsset) {
  const result = await build({
    absWorkingDir: fileURLToPath(new URL(".", import.meta.url)),
    entryPoints: [source],
    bundle: true,
    plugins: [withoutUnused, onDemand(addAsset)],
    minify: true,
    format: "esm",
    target: ["es2022", "chrome111", "firefox113", "safari16.4"],
    charset: "utf8",
    legalComments: "none",
    loader: { ".svg": "copy" },
    outdir: "out",
    write: false,
    logLevel: "warning",
  });
  // A copied file stands beside the empty module that names it.
  const suffix = source.endsWith(".ts") ? ".js" : source.slice(source.lastIndexOf("."));
  return result.outputFiles.find((file) => file.path.endsWith(suffix)).contents;
}

async function assetOf(asset, addAsset) {
  const identity = Buffer.from(await bundle(asset, addAsset));
  const hash = createHash("sha256").update(identity).digest("hex").slice(0, 8).toUpperCase();
  const [stem, extension] = asset.name.split(".");
  return {
    ...asset,
    path: `/assets/${stem}-${hash}.${extension}`,
    identity,
    gzip: gzipSync(identity, { level: constants.Z_BEST_COMPRESSION }),
    brotli: brotliCompressSync(identity, {
      params: {
        [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
        [constants.BROTLI_PARAM_SIZE_HINT]: identity.length,
      },
    }),
  };
}

export async function buildAssets() {
  // One that is loaded from two places is one file.
  const assets = new Map();
  const add = (asset) => {
    if (!assets.has(asset.name)) assets.set(asset.name, assetOf(asset, add));
    return assets.get(asset.name);
  };
  for (const asset of ASSETS) await add(asset);
  return Promise.all(Array.from(assets.values()));
}

const BYTES_PER_LINE = 24;

// Octal escapes end after three digits at most, so what follows cannot change their meaning.
function stringView(bytes) {
  const lines = [];
  for (let start = 0; start < bytes.length; start += BYTES_PER_LINE) {
    const line = Array.from(bytes.subarray(start, start + BYTES_PER_LINE), (byte) => {
      return `\\${byte.toString(8).padStart(3, "0")}`;
    });
    lines.push(`     "${line.join("")}"`);
  }
  return `std::string_view(\n${lines.join("\n")},\n     ${bytes.length})`;
}

function sourceOf(assets) {
  const rows = assets.map((asset) => {
    return `    {"${asset.path}", "${asset.contentType}",
     ${stringView(asset.identity)},
     ${stringView(asset.gzip)},
     ${stringView(asset.brotli)}},\n`;
  });
  const cases = assets.map(({ name }, index) => {
    return `  if (name == "${name}") return Assets()[${index}].path;\n`;
  });
  return `// Written by gateway/web/build.mjs.
#include "gateway/pages/frame/assets.h"

namespace marginalia {

const std::vector<Asset>& Assets() {
  static const auto& assets = *new std::vector<Asset>{
${rows.join("")}  };
  return assets;
}

std::string_view AssetPath(std::string_view name) {
${cases.join("")}  return {};
}

}  // namespace marginalia
`;
}

async function main() {
  const { output } = parseArgs({ options: { output: { type: "string" } } }).values;
  if (output === undefined) throw new Error("build.mjs: say where to: --output=DIR");
  const assets = await buildAssets();
  await mkdir(output, { recursive: true });
  await writeFile(join(output, "assets.cc"), sourceOf(assets));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
