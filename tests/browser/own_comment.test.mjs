// One's own comment: there at once, confirmed under the same id, taken back when refused.
import assert from "node:assert/strict";
import { until } from "./support/await.mjs";
import { closedGate, refuseLater } from "./support/gate.mjs";
import { assertCountsAgree, assertNoFlicker, assertWithoutGap } from "./support/invoice_page.mjs";
import { suite } from "./support/suite.mjs";

const test = suite();
const posts = /^POST .*\/comments/;
const formRoute = "**/invoices/*/comments";

test("It appears before the server has answered, and is confirmed under the same id", async ({
  stack,
  browser,
}) => {
  const invoice = await stack.newInvoice(3);
  const dana = await browser.person("dana");
  await dana.open(invoice);
  const gate = closedGate();
  await dana.page.route(formRoute, async (route) => {
    if (route.request().method() === "POST") await gate.opened;
    await route.continue();
  });

  await dana.post("I’ll reply and attach the SOW.");
  const shown = dana.comment("I’ll reply and attach the SOW.");
  await shown.waitFor();
  const [pending] = await dana.comments();
  assert.equal(pending.pending, true);
  assert.match(await shown.textContent(), /Sending…/);
  assert.equal(await dana.body.inputValue(), "", "the form is ready for the next");
  assert.deepEqual(await dana.counts(), ["4 comments"]);

  gate.open();
  await until("it is confirmed", async () => !(await dana.comments())[0].pending);
  const [stored] = await stack.thread(invoice);
  const [confirmed] = await dana.comments();
  assert.equal(confirmed.id, pending.id);
  assert.equal(stored.commentId, pending.id);
  assert.equal(confirmed.sequence, 4);
  assert.equal(confirmed.body, "I’ll reply and attach the SOW.");

  const states = await dana.states();
  assertWithoutGap(states);
  assertNoFlicker(states, pending.id);
  assertCountsAgree(states);
});

test("The stream may be faster than the answer", async ({ stack, browser }) => {
  const invoice = await stack.newInvoice(3);
  const dana = await browser.person("dana");
  await dana.open(invoice);
  const held = stack.front.holdAnswers(posts);

  await dana.post("By the stream first.");
  await until("the stream confirms it", async () => {
    const [first] = await dana.comments();
    return first.body === "By the stream first." && !first.pending;
  });
  await until("the server has answered", () => held.answers === 1);
  held.end();
  const [first] = await dana.comments();
  await stack.addComment(invoice, "priya", "And one more.");
  await dana.comment("And one more.").waitFor();

  const states = await dana.states();
  assertWithoutGap(states);
  assertNoFlicker(states, first.id);
  assertCountsAgree(states);
  assert.equal(await dana.error(), "");
});

test("The answer may be faster than the stream", async ({ stack, browser }) => {
  const invoice = await stack.newInvoice(3);
  const dana = await browser.person("dana");
  await dana.open(invoice);
  const held = stack.front.holdAnswers(/\/events\b/);
  await dana.postConfirmed("By the answer first.");
  const [first] = await dana.comments();
  held.end();
  await stack.addComment(invoice, "priya", "And one more.");
  await dana.comment("And one more.").waitFor();

  const states = await dana.states();
  assertWithoutGap(states);
  assertNoFlicker(states, first.id);
  assertCountsAgree(states);
});

test("A refused one stands above the thread with the reason, and is posted again", async ({
  stack,
  browser,
}) => {
  const invoice = await stack.newInvoice(3);
  const dana = await browser.person("dana");
  dana.watch.expect(/500/);
  await dana.open(invoice);
  const sent = [];
  await dana.page.route(formRoute, (route) => {
    if (route.request().method() !== "POST") return route.fallback();
    sent.push(route.request().postDataJSON());
    return route.fulfill({
      status: 500,
      contentType: "application/problem+json",
      body: JSON.stringify({
        type: "about:blank",
        title: "Internal Server Error",
        status: 500,
        reason: "INTERNAL",
        detail: "Something went wrong.",
      }),
    });
  });

  await dana.body.focus();
  await dana.write("This will not do.\nBut keep it.");
  await dana.send();
  const { body, why } = await dana.failed();
  assert.equal(body, "This will not do.\nBut keep it.");
  assert.match(why, /went wrong on our side/);
  assert.equal(await dana.body.inputValue(), "", "the form is ready for the next");
  assert.equal((await dana.comments()).length, 3);
  assert.deepEqual(await dana.counts(), ["3 comments"]);
  assert.equal((await stack.thread(invoice)).length, 3);

  await dana.page.unroute(formRoute);
  await dana.press("Post again");
  await until("it is confirmed", async () => {
    const [first] = await dana.comments();
    return first.body === "This will not do.\nBut keep it." && !first.pending;
  });
  assert.deepEqual(await dana.unsent(), []);
  const [stored] = await stack.thread(invoice);
  assert.equal(stored.commentId, sent[0].id ?? sent[0].comment_id, "another id the second time");
  const states = await dana.states();
  assert.ok(
    states.some(({ items }) => items[0].pending),
    "it was never shown before the answer",
  );
  assertWithoutGap(states);
  assertCountsAgree(states);
});

test("A refused one stays where it stood while it was sent, also when others have posted since", async ({
  stack,
  browser,
}) => {
  const invoice = await stack.newInvoice(3);
  const dana = await browser.person("dana");
  dana.watch.expect(/500/);
  await dana.open(invoice);
  const refused = await refuseLater(dana.page, "POST", formRoute);
  await dana.post("Refused.");
  await stack.addComment(invoice, "priya", "Meanwhile.");
  await dana.comment("Meanwhile.").waitFor();
  const before = await dana.comment("Refused.").boundingBox();
  refused.open();
  await dana.failed();
  const after = await dana.page.locator("#unsent > li").boundingBox();
  assert.ok(Math.abs(after.y - before.y) <= 2, `from ${before.y} to ${after.y}`);
});

test("One that fails after one has gone to read elsewhere is heard of there, and moves nothing", async ({
  stack,
  browser,
}) => {
  const invoice = await stack.newInvoice(60);
  const dana = await browser.person("dana");
  dana.watch.expect(/500/);
  await dana.open(invoice);
  const refused = await refuseLater(dana.page, "POST", formRoute);
  await dana.post("This will fail later.");
  await dana.page
    .locator("#comments > li")
    .nth(14)
    .evaluate((item) => item.scrollIntoView({ block: "center", behavior: "instant" }));
  await until("one is there", async () => (await dana.page.evaluate(() => scrollY)) > 1_000);
  const place = await dana.readingPlace();
  refused.open();
  assert.equal((await dana.failed()).body, "This will fail later.");
  await until("the place is the same", async () => {
    const now = await dana.readingPlace();
    return now.id === place.id && Math.abs(now.top - place.top) <= 2;
  });
  const write = dana.page.getByRole("link", { name: "Write" });
  const mark = () => write.evaluate((link) => getComputedStyle(link, "::after").content);
  assert.match(await mark(), /a comment was not posted/);
  await write.click();
  await until("one is back", async () => {
    const box = await dana.page.locator("#unsent > li").boundingBox();
    return box.y > 0 && box.y + box.height <= 900;
  });
  await dana.page.unroute(formRoute);
  await dana.press("Post again");
  await dana.comment("This will fail later.").and(dana.page.locator(":not(.pending)")).waitFor();
  assert.equal(await mark(), "none");
});

test("Whoever posts again by keyboard goes on where one writes", async ({ stack, browser }) => {
  const invoice = await stack.newInvoice(3);
  const dana = await browser.person("dana");
  dana.watch.expect(/ERR_/);
  await dana.open(invoice);
  const refused = stack.front.refuse(posts);
  await dana.post("By keys.");
  await dana.failed();
  refused.end();
  await dana.page.locator("#unsent").getByRole("button", { name: "Post again" }).focus();
  await dana.page.keyboard.press("Enter");
  assert.equal(await dana.page.evaluate(() => document.activeElement.id), "comment-body");
  await dana.comment("By keys.").and(dana.page.locator(":not(.pending)")).waitFor();
});

test("Of two that are posted from further down, the second stays when the first is refused", async ({
  stack,
  browser,
}) => {
  const invoice = await stack.newInvoice(130);
  const dana = await browser.person("dana");
  dana.watch.expect(/500/);
  const { nextCursor } = await stack.pageOf(invoice);
  await dana.open(invoice, `?cursor=${encodeURIComponent(nextCursor)}`);
  const first = closedGate();
  const second = closedGate();
  let sent = 0;
  await dana.page.route(formRoute, async (route) => {
    if (route.request().method() !== "POST") return route.fallback();
    sent += 1;
    const isFirst = sent === 1;
    await (isFirst ? first : second).opened;
    return isFirst ? route.fulfill({ status: 500, body: "{}" }) : route.continue();
  });
  await dana.post("Refused.");
  await dana.post("Stored.");
  await dana.comment("Stored.").waitFor();
  first.open();
  assert.equal((await dana.failed()).body, "Refused.");
  assert.equal((await dana.comments())[0].body, "Stored.");
  second.open();
  await dana.comment("Stored.").and(dana.page.locator(":not(.pending)")).waitFor();
  assert.equal(await dana.page.locator(".pill").count(), 0, "one's own is no news");
});

test("Several in a row stand in the order in which they were sent", async ({ stack, browser }) => {
  const invoice = await stack.newInvoice(0);
  const dana = await browser.person("dana");
  await dana.open(invoice);
  const texts = ["One.", "Two.", "Three.", "Four."];
  for (const text of texts) await dana.post(text);
  await until("all are confirmed", async () => {
    const comments = await dana.comments();
    return comments.length === 4 && comments.every((comment) => !comment.pending);
  });
  const bodies = (await dana.comments()).map((comment) => comment.body);
  assert.deepEqual(bodies, [...texts].reverse());
  assertWithoutGap(await dana.states());
  assertCountsAgree(await dana.states());
});

test("A person's two tabs show the same", async ({ stack, browser }) => {
  const invoice = await stack.newInvoice(2);
  const first = await browser.person("dana");
  await first.open(invoice);
  const second = await browser.tab(first.page.context());
  await second.open(invoice);

  await first.post("From the first tab.");
  await second.comment("From the first tab.").waitFor();
  await second.post("From the second tab.");
  await first.comment("From the second tab.").waitFor();
  await until("both are confirmed", async () =>
    [...(await first.comments()), ...(await second.comments())].every((one) => !one.pending),
  );
  assert.deepEqual(await first.comments(), await second.comments());
  assert.equal(await first.body.inputValue(), "");
  for (const page of [first, second]) {
    assertWithoutGap(await page.states());
    assertCountsAgree(await page.states());
  }
});

test("A viewer reads and is told why there is no form", async ({ stack, browser }) => {
  const invoice = await stack.newInvoice(2);
  const sam = await browser.person("sam");
  await sam.open(invoice);
  assert.equal(await sam.page.locator("#comment-form").count(), 0);
  assert.match(await sam.page.locator("#thread .notice").textContent(), /not write on it/);
  await stack.addComment(invoice, "priya", "Sam sees this too.");
  await sam.comment("Sam sees this too.").waitFor();
});
