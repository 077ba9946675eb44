// What becomes of an invoice: one status, live, and a quiet line in the thread at its time.
import assert from "node:assert/strict";
import { until } from "./support/await.mjs";
import { assertCountsAgree } from "./support/invoice_page.mjs";
import { suite } from "./support/suite.mjs";

const test = suite();
const off = { javaScriptEnabled: false };

// The thread from above: texts of comments, and what the lines say without their times.
async function story(person) {
  return person.page
    .locator("#comments > li")
    .evaluateAll((items) =>
      items.map((item) => item.querySelector(".body, :scope > p").textContent),
    );
}

test("Paid while the page is open: one status, in one place, and a line in the thread", async ({
  stack,
  browser,
}) => {
  const invoice = await stack.newInvoice(["The first.", "The second."]);
  await stack.send(invoice);
  const priya = await browser.person("priya");
  await priya.takeClock();
  await priya.open(invoice);
  const before = ["Dana sent the invoice", "The second.", "The first."];
  assert.deepEqual(await story(priya), before);
  assert.match(await priya.page.locator(".banner").textContent(), /^(Sent|Overdue)/);

  await stack.pay(invoice);
  await priya.passTimeUntil("the line", async () => (await story(priya)).length === 4);
  assert.deepEqual(await story(priya), ["Dana marked the invoice as paid", ...before]);
  assert.deepEqual(await priya.page.locator(".banner").allTextContents(), ["Paid, nothing is due"]);
  const words = await priya.page.locator("main").innerText();
  assert.doesNotMatch(words, /overdue|waiting for payment|amount due/i);
  await until("it is said", async () =>
    /Paid/.test(await priya.page.locator("#announcer").textContent()),
  );

  // A comment that comes next stands above it, and no count takes the lines for comments.
  await stack.addComment(invoice, "dana", "Thank you.");
  await priya.comment("Thank you.").waitFor();
  assert.deepEqual((await story(priya)).slice(0, 2), [
    "Thank you.",
    "Dana marked the invoice as paid",
  ]);
  assert.deepEqual(await priya.counts(), ["3 comments"]);
  assertCountsAgree(await priya.states());
});

test("A line moves nothing that one reads", async ({ stack, browser }) => {
  const invoice = await stack.newInvoice(60);
  await stack.send(invoice);
  const dana = await browser.person("dana");
  await dana.takeClock();
  await dana.open(invoice);
  await dana.scrollUntil("the middle of the page", 300, () =>
    dana.page.evaluate(() => window.scrollY > 800),
  );
  const place = await dana.readingPlace();
  await stack.pay(invoice);
  await dana.passTimeUntil("the line", async () =>
    (await story(dana)).includes("Dana marked the invoice as paid"),
  );
  const after = await dana.readingPlace();
  assert.equal(after.id, place.id);
  assert.ok(Math.abs(after.top - place.top) <= 1, `${place.top} to ${after.top}`);
});

test("The lines of an older time come with the comments around them", async ({
  stack,
  browser,
}) => {
  const invoice = await stack.newInvoice(0);
  await stack.send(invoice);
  await stack.importComments(
    invoice.id,
    Array.from({ length: 45 }, (_, i) => `Number ${i + 1}.`),
    { minutesAgo: 0 },
  );
  await stack.postComments(invoice, "dana", ["After."]);
  const dana = await browser.person("dana");
  await dana.open(invoice);
  // All were imported with times of before it was sent.
  assert.deepEqual((await story(dana)).slice(0, 3), [
    "After.",
    "Dana sent the invoice",
    "Number 45.",
  ]);
  await dana.scrollToOldest();
  const all = await story(dana);
  assert.equal(all.length, 47);
  assert.equal(all.filter((text) => text === "Dana sent the invoice").length, 1);
});

test("Without a script, and on paper, the story is the same", async ({ stack, browser }) => {
  const invoice = await stack.newInvoice(25);
  await stack.send(invoice);
  await stack.pay(invoice);
  const dana = await browser.person("dana", off);
  await dana.page.goto(invoice.path);
  const newest = await story(dana);
  assert.deepEqual(newest.slice(0, 3), [
    "Dana marked the invoice as paid",
    "Dana sent the invoice",
    "Comment 25 of 25.",
  ]);
  await dana.page.locator("#older").click();
  await dana.page.waitForURL(/cursor=/);
  assert.deepEqual(
    await story(dana),
    Array.from({ length: 5 }, (_, i) => `Comment ${5 - i} of 25.`),
  );
  await dana.page.goto(invoice.path);
  await dana.page.emulateMedia({ media: "print" });
  assert.ok(await dana.page.locator("#status-paid").isVisible());
});

test("Of an invoice that was never sent the thread says nothing", async ({ stack, browser }) => {
  const invoice = await stack.newInvoice(2);
  const dana = await browser.person("dana");
  await dana.open(invoice);
  assert.deepEqual(await story(dana), ["Comment 2 of 2.", "Comment 1 of 2."]);
});
