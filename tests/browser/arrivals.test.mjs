// What others post appears by itself.
import assert from "node:assert/strict";
import { until } from "./support/await.mjs";
import { assertCountsAgree, assertWithoutGap } from "./support/invoice_page.mjs";
import { suite } from "./support/suite.mjs";

const test = suite();
// From the click of one to the sight of the other, also on a busy machine; a poll may take longer.
const streamMsMax = 5_000;
const pollMsMax = 10_000;
// What is left to a poll for its way and to the screen.
const marginMs = 5_000;
const streams = /\/events\b/;
const lists = (invoice) => new RegExp(`^GET /api/invoices/${invoice.id}/comments`);

test("A comment posted in another browser appears at once by stream", async ({
  stack,
  browser,
}) => {
  const invoice = await stack.newInvoice(3);
  const dana = await browser.person("dana");
  const priya = await browser.person("priya");
  await dana.open(invoice);
  await priya.open(invoice);

  await priya.write("It covers two rounds.");
  const start = performance.now();
  await priya.send();
  await dana.comment("It covers two rounds.").waitFor({ timeout: streamMsMax });
  assert.ok(performance.now() - start < streamMsMax);

  assert.equal((await dana.comments())[0].author, "Priya");
  await until("the counts follow", async () => new Set(await dana.counts()).has("4 comments"));
  assert.deepEqual(dana.requests(lists(invoice)), [], "the stream needs no request beside it");
  for (const states of [await dana.states(), await priya.states()]) {
    assertWithoutGap(states);
    assertCountsAgree(states);
  }
});

test("It is announced to those who listen, without moving the focus", async ({
  stack,
  browser,
}) => {
  const invoice = await stack.newInvoice(1);
  const dana = await browser.person("dana");
  await dana.open(invoice);
  await dana.body.focus();

  await stack.addComment(invoice, "priya", "Read me aloud.");
  await dana.comment("Read me aloud.").waitFor();
  await until("the announcement", async () =>
    /Priya/.test(await dana.page.locator("#announcer").textContent()),
  );
  assert.equal(await dana.page.evaluate(() => document.activeElement.id), "comment-body");
});

test("Many that come together are announced together", async ({ stack, browser }) => {
  const invoice = await stack.newInvoice(1);
  const dana = await browser.person("dana");
  await dana.open(invoice);
  const said = await dana.page.evaluateHandle(() => {
    const place = document.getElementById("announcer");
    const texts = [];
    new MutationObserver(() => texts.push(place.textContent)).observe(place, { childList: true });
    return texts;
  });
  assert.equal(await dana.page.locator("#announcer").getAttribute("role"), "status", "politely");
  await stack.importComments(
    invoice.id,
    Array.from({ length: 25 }, (_, i) => `Together ${i + 1}.`),
    { minutesAgo: 0, people: [{ userId: "priya", displayName: "Priya" }] },
  );
  await dana.comment("Together 25.").waitFor();
  const announced = (texts) =>
    texts.reduce((sum, text) => sum + Number(/^(\d+) new comments$/.exec(text)?.[1] ?? 1), 0);
  await until("all are announced", async () => announced(await said.jsonValue()) === 25);
  const { length } = await said.jsonValue();
  assert.ok(length <= 3, `${length} announcements`);
});

test("With the stream cut it appears within ten seconds", async ({ stack, browser }) => {
  const invoice = await stack.newInvoice(3);
  const dana = await browser.person("dana");
  dana.watch.expect(/ERR_|events/);
  await dana.open(invoice);
  const cut = stack.front.refuse(streams);
  try {
    // The poll right after the cut would be too kind.
    await until("a first poll", () => dana.requests(lists(invoice)).length >= 1);

    const start = performance.now();
    await stack.addComment(invoice, "priya", "No stream brought me.");
    await dana.comment("No stream brought me.").waitFor({ timeout: pollMsMax + marginMs });
    assert.ok(performance.now() - start < pollMsMax + marginMs);
  } finally {
    cut.end();
  }
  await dana.reconnected();
  await stack.addComment(invoice, "alex", "The stream is back.");
  await dana.comment("The stream is back.").waitFor({ timeout: streamMsMax });
  assertWithoutGap(await dana.states());
  assertCountsAgree(await dana.states());
});

test("What was posted while the stream was cut is there once, when it is back", async ({
  stack,
  browser,
}) => {
  const invoice = await stack.newInvoice(3);
  const dana = await browser.person("dana");
  dana.watch.expect(/ERR_|events/);
  await dana.open(invoice);
  const cut = stack.front.refuse(streams);
  const missed = Array.from({ length: 25 }, (_, i) => `Missed ${i + 1}.`);
  await stack.postComments(invoice, "priya", missed);
  cut.end();
  await until("all of them", async () => (await dana.comments())[0].body === "Missed 25.");
  await until("the count", async () => (await dana.counts())[0] === "28 comments");
  assertWithoutGap(await dana.states());
  assertCountsAgree(await dana.states());
});

// Out of sight: behind another tab, as the page is told.
async function hide({ page }, hidden) {
  await page.evaluate((value) => {
    Object.defineProperty(document, "visibilityState", {
      value: value ? "hidden" : "visible",
      configurable: true,
    });
    Object.defineProperty(document, "hidden", { value, configurable: true });
    document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
  }, hidden);
}

// In sight, while one types elsewhere.
async function blur({ page }, blurred) {
  await page.evaluate((value) => {
    Object.defineProperty(document, "hasFocus", { value: () => !value, configurable: true });
    window.dispatchEvent(new Event(value ? "blur" : "focus"));
  }, blurred);
}

for (const [state, turnAway] of [
  ["out of sight", hide],
  ["without the focus", blur],
]) {
  test(`A thread ${state} is not polled`, async ({ stack, browser }) => {
    const invoice = await stack.newInvoice(3);
    const dana = await browser.person("dana");
    dana.watch.expect(/ERR_|events/);
    await dana.takeClock();
    await dana.open(invoice);
    const elsewhere = await browser.tab(dana.page.context());
    const cut = stack.front.refuse(streams);
    await dana.passTimeUntil("a poll", () => dana.requests(lists(invoice)).length >= 1);

    await turnAway(dana, true);
    await elsewhere.page.bringToFront();
    const polls = dana.requests(lists(invoice)).length;
    await dana.page.clock.runFor(10 * 60_000);
    assert.equal(dana.requests(lists(invoice)).length, polls, "it was polled");

    await stack.addComment(invoice, "priya", "While you were away.");
    await dana.page.bringToFront();
    await turnAway(dana, false);
    const shown = dana.comment("While you were away.");
    await dana.passTimeUntil("the comment", () => shown.isVisible());
    cut.end();
  });
}

test("While scrolled down nothing moves, and a pill says how many are new", async ({
  stack,
  browser,
}) => {
  const invoice = await stack.newInvoice(60);
  const dana = await browser.person("dana");
  await dana.open(invoice);
  await dana.scrollUntil("a comment further down", 400, () =>
    dana.page.evaluate(() => window.scrollY > 1500),
  );
  const placeOfRead = () =>
    dana.page.evaluate(() => {
      const read = document.elementFromPoint(900, 450).closest("#comments > li");
      return { id: read.id, top: read.getBoundingClientRect().top };
    });
  // Pages that come into view while scrolling have arrived.
  await until("a page at rest", async () => {
    const before = await placeOfRead();
    await dana.page.evaluate(
      () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))),
    );
    return before.top === (await placeOfRead()).top;
  });
  const before = await placeOfRead();

  await stack.addComment(invoice, "priya", "New at the top.");
  const pill = dana.page.locator("#new-comments");
  await pill.waitFor();
  assert.match(await pill.textContent(), /^1 new comment$/);
  await stack.addComment(invoice, "alex", "Another one.");
  await until("the pill counts", async () => /^2 new comments$/.test(await pill.textContent()));
  const after = await placeOfRead();
  assert.equal(after.id, before.id);
  assert.ok(Math.abs(after.top - before.top) <= 1, `it moved by ${after.top - before.top} pixels`);

  await pill.click();
  await dana.comment("Another one.").waitFor();
  await until("the top", () =>
    dana.page.evaluate(() => {
      const box = document.querySelector("#comments > li").getBoundingClientRect();
      return box.top >= 0 && box.bottom <= innerHeight;
    }),
  );
  await until("no pill", async () => !(await pill.isVisible()));
  assertWithoutGap(await dana.states());
});
