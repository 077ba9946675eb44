// axe finds nothing: on every page, in light and dark, on a wide screen and on a phone.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { suite } from "./support/suite.mjs";

const test = suite({ demo: true });
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const wide = { width: 1280, height: 900 };
const phone = { width: 360, height: 740 };

async function findings({ page }) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run({ resultTypes: ["violations"] }));
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map((node) => `${id}: ${help}: ${node.html}: ${node.failureSummary}`),
  );
}

async function assertNoBarrier(person, where) {
  assert.deepEqual(await findings(person), [], where);
  const overflow = await person.page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  assert.equal(overflow, 0, `${where} scrolls sideways`);
}

for (const colorScheme of ["light", "dark"]) {
  for (const [screen, viewport] of [
    ["wide screen", wide],
    ["phone", phone],
  ]) {
    test(`No barrier in ${colorScheme} on a ${screen}`, async ({ browser }) => {
      const look = { colorScheme, viewport };
      const nobody = await browser.person("", look);
      await nobody.page.goto("/sign-in");
      await assertNoBarrier(nobody, "sign-in");

      const dana = await browser.person("dana", look);
      await dana.page.goto("/invoices");
      await assertNoBarrier(dana, "the list");
      await dana.page.locator(".filters").evaluate((filters) => filters.setAttribute("open", ""));
      await assertNoBarrier(dana, "the list's choices");
      await dana.open({ path: "/invoices/INV-1043" });
      await assertNoBarrier(dana, "the busy invoice");
      await dana.open({ path: "/invoices/INV-1044" });
      await assertNoBarrier(dana, "an empty thread");
      await dana.open({ path: "/invoices/INV-1042" });
      await assertNoBarrier(dana, "the invoice");
      await browser.takePictures(`The invoice ${colorScheme} ${screen}`);

      await dana.page.locator("#activity-toggle").click();
      await dana.page.locator("#activity .activity-item").first().waitFor();
      await assertNoBarrier(dana, "the open sidebar");
      await browser.takePictures(`The sidebar ${colorScheme} ${screen}`);
      await dana.page.keyboard.press("Escape");

      dana.watch.expect(/500|404/);
      await dana.page.route("**/invoices/*/comments", (route) =>
        route.fulfill({ status: 500, body: "{}" }),
      );
      await dana.post("Refused.");
      await dana.page.locator("#unsent .error").waitFor();
      await assertNoBarrier(dana, "the refused comment");
      await dana.page.goto("/invoices/INV-9999");
      await assertNoBarrier(dana, "the page that is not there");

      const sam = await browser.person("sam", look);
      await sam.open({ path: "/invoices/INV-1042" });
      await assertNoBarrier(sam, "a viewer's page");
      await sam.page.goto("/invoices?unread=true");
      await assertNoBarrier(sam, "what is unread");
      await sam.page.goto("/invoices/INV-1043?order=oldest");
      await assertNoBarrier(sam, "the oldest first");
    });
  }
}

test("No barrier while a comment is pending and others are new", async ({ stack, browser }) => {
  const invoice = await stack.newInvoice(60);
  const dana = await browser.person("dana");
  await dana.open(invoice);
  const held = stack.front.holdAnswers(/^POST |\/events\b/);
  await dana.post("Pending.");
  await dana.page.locator("#comments > li.pending").waitFor();
  await assertNoBarrier(dana, "a pending comment");
  held.end();
  await dana.scrollUntil("further down", 400, () =>
    dana.page.evaluate(() => window.scrollY > 1500),
  );
  await stack.addComment(invoice, "priya", "New.");
  await dana.page.locator("#new-comments").waitFor();
  await assertNoBarrier(dana, "the pill");
});

for (const colorScheme of ["light", "dark"]) {
  test(`No barrier in what was edited, removed and resolved, nor on the way there, in ${colorScheme}`, async ({
    stack,
    browser,
  }) => {
    const invoice = await stack.newInvoice(2);
    const dana = await browser.person("dana", { colorScheme });
    await dana.open(invoice);
    for (const text of ["To edit.", "To remove."]) await dana.postConfirmed(text);
    const form = dana.page.locator(".change-form");
    await dana.comment("To edit.").getByRole("button", { name: "Edit" }).click();
    await dana.comment("To remove.").getByRole("button", { name: "Remove" }).click();
    await assertNoBarrier(dana, "the forms");
    await form.getByRole("button", { name: "Remove it" }).click();
    await form.locator("textarea").fill("Edited.");
    await form.getByRole("button", { name: "Save" }).click();
    await dana.comment("Edited.").locator(".edited").click();
    await dana.page.locator(".revision").waitFor();
    await dana.page.getByRole("button", { name: "Resolve" }).click();
    await dana.page.getByRole("button", { name: "Post and reopen" }).waitFor();
    await dana.page.locator("#thread-state button:not([aria-disabled])").waitFor();
    await assertNoBarrier(dana, "what was changed");
    await dana.comment("Edited.").locator(".permalink").focus();
    await assertNoBarrier(dana, "the exact time");
    // The pages for whoever has no script.
    const id = (await dana.comment("Edited.").getAttribute("id")).replace(/^comment-/, "");
    for (const what of ["edit", "remove", "history"]) {
      await dana.page.goto(`${invoice.path}/comments/${id}/${what}`);
      await assertNoBarrier(dana, `the page to ${what}`);
    }
    await dana.page.goto(`${invoice.path}/comments/${id}/edit`);
    await dana.page.locator("textarea").fill("  ");
    dana.watch.expect(/400/);
    await dana.page.getByRole("button", { name: "Save" }).click();
    await dana.page.getByRole("alert").waitFor();
    await assertNoBarrier(dana, "the refused edit");
    await dana.page.goto(`${invoice.path}?comment=${id}`);
    await dana.page.locator(".comment.marked").waitFor();
    await assertNoBarrier(dana, "the page at a comment");
  });
}

test("Nothing moves for those who do not want it", async ({ stack, browser }) => {
  const invoice = await stack.newInvoice(3);
  const dana = await browser.person("dana", { reducedMotion: "reduce" });
  await dana.open(invoice);
  await dana.postConfirmed("Without a dance.");
  await dana.page.locator("#activity-toggle").click();
  await dana.page.locator("#activity .activity-item").first().waitFor();
  const moving = await dana.page.evaluate(
    () =>
      document.getAnimations().filter((one) => one.effect.getComputedTiming().activeDuration > 10)
        .length,
  );
  assert.equal(moving, 0);
});
