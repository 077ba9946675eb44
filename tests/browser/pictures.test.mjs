// Pictures of each page in light, dark and on a phone, kept beside the build for people to look at;
// and that none of them is wider than its window.
import assert from "node:assert/strict";
import { suite } from "./support/suite.mjs";

const test = suite({ demo: true });
const phone = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };
const looks = [
  ["light", { colorScheme: "light" }],
  ["dark", { colorScheme: "dark" }],
  ["phone", { colorScheme: "light", ...phone }],
];

async function lively(stack, dana) {
  const invoice = await stack.newInvoice(6);
  await dana.open(invoice);
  await dana.postConfirmed("It covers both rounds, see https://acme.example/sow.pdf.");
  await dana.postConfirmed("And the second one was on 12 June.");
  await dana.page.reload();
  const item = dana.comment("And the second one");
  await item.hover();
  await item.getByRole("button", { name: "Remove" }).click();
  await dana.page.locator(".change-form input").fill("It was the 14th");
  const removed = dana.page.waitForResponse((answer) => answer.request().method() === "DELETE");
  await dana.page.getByRole("button", { name: "Remove it" }).click();
  await dana.page.locator(".tombstone").waitFor();
  await removed;
  // Resolving asks for the thread as it is after the removal, which the stream tells a moment later.
  await dana.page.reload();
  await dana.page.getByRole("button", { name: "Resolve" }).click();
  await dana.page.locator("#thread-state.resolved").waitFor();
  await dana.comment("both rounds").hover();
  await dana.comment("both rounds").getByRole("button", { name: "Edit" }).click();
  return invoice;
}

for (const [look, options] of looks) {
  test(`Every page ${look}`, async ({ stack, browser }) => {
    const dana = await browser.person("dana", options);
    const pages = [
      ["list", "/invoices"],
      ["invoice", "/invoices/INV-1042"],
      ["long thread", "/invoices/INV-1043"],
      ["empty thread", (await stack.newInvoice(0)).path],
      ["not there", "/invoices/INV-9999"],
      ["sign in", "/sign-in"],
    ];
    dana.watch.expect(/404/);
    for (const [name, path] of pages) {
      await dana.page.goto(path);
      const wide = await dana.page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      assert.ok(wide <= 0, `${name} is ${wide} pixels wider than its window`);
      await browser.takePictures(`${look} ${name}`);
    }
    await lively(stack, dana);
    await browser.takePictures(`${look} verbs`);
  });
}
