// Bundles the tests and runs them: node runs no TypeScript by itself.
// Usage: node test/run.mjs [NAME…], such as "outbox"
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = fileURLToPath(new URL(".", import.meta.url));
const names = process.argv.slice(2);
const tests = readdirSync(here)
  .filter((file) => file.endsWith(".test.ts"))
  .filter((file) => names.length === 0 || names.includes(basename(file, ".test.ts")));
if (tests.length === 0) throw new Error(`there is no test named ${names.join(" or ")}`);

const bundles = mkdtempSync(join(tmpdir(), "web-tests-"));
try {
  await build({
    entryPoints: tests.map((file) => join(here, file)),
    outdir: bundles,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node18",
    sourcemap: "inline",
    // First of all: some modules look for a browser when they are loaded.
    inject: [join(here, "support/page.ts")],
    logLevel: "warning",
    // linkedom draws on it only where it is installed.
    external: ["canvas"],
    // What linkedom's older dependencies ask for.
    banner: {
      js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);',
    },
  });
  const files = tests.map((file) => join(bundles, file.replace(/ts$/, "mjs")));
  const { status } = spawnSync(process.execPath, ["--enable-source-maps", "--test", ...files], {
    stdio: "inherit",
    // What the server renders is in UTC; what the reader's own zone makes of it has a test of its own.
    env: { ...process.env, TZ: "UTC" },
  });
  process.exitCode = status ?? 1;
} finally {
  rmSync(bundles, { recursive: true, force: true });
}
