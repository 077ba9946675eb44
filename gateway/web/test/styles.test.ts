import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

// The tests run in gateway/web.
const folder = "src/styles";
const sheets = readdirSync(folder).filter((name) => name !== "theme.css");

function declarations(sheet: string): string[] {
  const text = readFileSync(`${folder}/${sheet}`, "utf8").replace(/\/\*.*?\*\//gs, "");
  return text.split(/[;{}]/).map((each) => each.trim());
}

function violations(property: RegExp, isFine: (rem: number) => boolean): string[] {
  return sheets.flatMap((sheet) =>
    declarations(sheet)
      .filter((each) => property.test(each))
      .filter((each) => [...each.matchAll(/([\d.]+)rem/g)].some(([, rem]) => !isFine(Number(rem))))
      .map((each) => `${sheet}: ${each}`),
  );
}

test("The sheets are read", () => {
  assert.ok(sheets.flatMap(declarations).filter((each) => /^padding/.test(each)).length > 10);
});

test("Every size of type is the theme's", () => {
  assert.deepEqual(
    violations(/^font(-size)?:/, () => false),
    [],
  );
});

test("Every distance is 2 px or a multiple of 4 px", () => {
  const isOnScale = (rem: number) => rem === 0.125 || Number.isInteger(rem * 4);
  assert.deepEqual(violations(/^(padding|margin|(row-|column-)?gap)[a-z-]*:/, isOnScale), []);
});
