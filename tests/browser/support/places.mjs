// Where things are: the project, its build, and the folder that keeps the tests' pictures.
import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const root = resolve(dirname(fileURLToPath(import.meta.url)), "../../..");

// A test that is run by hand takes the build that MARGINALIA_BUILD names, or the release build.
export const build = resolve(root, process.env.MARGINALIA_BUILD ?? "build/release");

export const artifacts = resolve(
  root,
  process.env.TEST_ARTIFACTS ?? join(build, "tests/browser/screenshots"),
);

export function binary(name, folder = name) {
  const path = join(build, folder, name);
  if (!existsSync(path)) {
    throw new Error(`${path} is missing: build it, or name another build with MARGINALIA_BUILD`);
  }
  return path;
}
