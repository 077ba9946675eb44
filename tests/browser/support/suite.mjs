// The frame of a file of tests: one set of processes and one Chromium for all of them, pages of its
// own for each. A test fails as well when a page logs an error, violates the CSP, opens a dialog or
// asks another origin for something.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Browser } from "./browser.mjs";
import { Stack } from "./stack.mjs";

const testMsMax = 120_000;

// Returns test(name, body), where body gets {stack, browser}.
export function suite(options = {}) {
  const scene = {};
  before(async () => {
    scene.stack = await Stack.start(options);
    scene.browser = await Browser.open(scene.stack);
  });
  after(async () => {
    await scene.browser?.close();
    await scene.stack?.stop();
  });
  return (name, body) =>
    test(name, { timeout: testMsMax }, async () => {
      let surprises = [];
      try {
        await body(scene);
        await scene.browser.takePictures(name);
      } catch (error) {
        await scene.browser.takePictures(`${name} failed`).catch(() => {});
        throw error;
      } finally {
        scene.stack.heal();
        surprises = await scene.browser.closePages();
      }
      assert.deepEqual(surprises, [], "a page did what no page may do");
    });
}
