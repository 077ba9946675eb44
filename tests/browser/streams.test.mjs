// The page says what is so: over a stream that is silent, that is never answered, behind a sign-in that
// stands in front of the API, and with a clock that is wrong.
import assert from "node:assert/strict";
import { until } from "./support/await.mjs";
import { suite } from "./support/suite.mjs";

const test = suite();
const streams = /^GET [^ ]*\/events\b/;
const dayMs = 24 * 60 * 60 * 1_000;

function labelOf(one) {
  return one.page.locator("#live").innerText();
}

test("A stream that something in between has forgotten is noticed, polled for and opened anew", async ({
  stack,
  browser,
}) => {
  const invoice = await stack.newInvoice(1);
  const dana = await browser.person("dana");
  dana.watch.expect(/ERR_|events/);
  await dana.takeClock();
  await dana.open(invoice);
  await until("it is live", async () => (await labelOf(dana)) === "Live");
  // Open still, and silent: what the server says never arrives, its heartbeats neither.
  const forgotten = stack.front.holdAnswers(streams);
  await stack.addComment(invoice, "priya", "Not by the stream.");
  await dana.passTimeUntil("it says so", async () => /Reconnecting/.test(await labelOf(dana)));
  await dana.passTimeUntil("the comment", () => dana.comment("Not by the stream.").isVisible());
  forgotten.end();
  await dana.passTimeUntil("it is live again", async () => (await labelOf(dana)) === "Live");
  await stack.addComment(invoice, "priya", "Live once more.");
  await dana.comment("Live once more.").waitFor();
  assert.equal(await dana.comment("Not by the stream.").count(), 1);
});

test("A stream that is never answered is polled for, and the page says so", async ({
  stack,
  browser,
}) => {
  const invoice = await stack.newInvoice(1);
  const dana = await browser.person("dana");
  dana.watch.expect(/ERR_|events/);
  await dana.takeClock();
  const held = stack.front.holdAnswers(streams);
  await dana.page.goto(invoice.path);
  await dana.passTimeUntil("it says so", async () => /Reconnecting/.test(await labelOf(dana)));
  await stack.addComment(invoice, "priya", "By a poll.");
  await dana.passTimeUntil("the comment", () => dana.comment("By a poll.").isVisible());
  held.end();
  await dana.passTimeUntil("it is live", async () => (await labelOf(dana)) === "Live");
});

test("What was removed while the stream was refused is gone once it is live again, also where the newest page has grown", async ({
  stack,
  browser,
}) => {
  const invoice = await stack.newInvoice();
  const bodies = Array.from({ length: 25 }, (_, i) => `Number ${i + 1}.`);
  await stack.postComments(invoice, "alex", bodies.slice(0, 20));
  const dana = await browser.person("dana");
  dana.watch.expect(/ERR_|events|502/);
  await dana.open(invoice);
  await until("it is live", async () => (await labelOf(dana)) === "Live");
  await stack.postComments(invoice, "alex", bodies.slice(20));
  await dana.comment("Number 25.").waitFor();

  let refusals = 0;
  await dana.page.route("**/events?*", (route) => {
    refusals += 1;
    return route.fulfill({ status: 502 });
  });
  stack.front.refuse(streams).end();
  const removed = (await stack.thread(invoice)).find(({ body }) => body === "Number 1.");
  await stack.removeComment(invoice, "alex", removed);
  await until("it is refused", () => refusals > 0);
  await dana.page.unroute("**/events?*");
  await until("it is live again", async () => (await labelOf(dana)) === "Live");
  assert.equal((await dana.comments()).length, 25);
  assert.equal(await dana.comment("Number 1.").count(), 0);
});

for (const [what, answer] of [
  ["sends one to its sign-in", { status: 302, headers: { location: "https://sso.example/" } }],
  ["answers with its sign-in page", { status: 200, contentType: "text/html", body: "<h1>Hi" }],
]) {
  test(`Where a proxy ${what}, the session has ended and the text is kept`, async ({
    stack,
    browser,
  }) => {
    const invoice = await stack.newInvoice(1);
    const dana = await browser.person("dana");
    dana.watch.expect(/ERR_|events|sso\.example|MIME/);
    await dana.open(invoice);
    await dana.page.route("**/api/**", (route) => route.fulfill(answer));
    await dana.post("Typed after the session.");
    const failed = await dana.failed();
    assert.match(failed.why, /session has ended/i);
    assert.equal(failed.body, "Typed after the session.");
    assert.match(await labelOf(dana), /session has ended/i);

    // Signed in again in another tab, one goes on here.
    await dana.page.unroute("**/api/**");
    await dana.press("Post again");
    await until("it is stored", async () => (await stack.thread(invoice)).length === 2);
    await until("it is live", async () => (await labelOf(dana)) === "Live");
  });
}

test("A browser whose clock is a day off tells the times as the server does", async ({
  stack,
  browser,
}) => {
  const invoice = await stack.newInvoice(2);
  for (const offset of [-dayMs, dayMs]) {
    const dana = await browser.person("dana");
    await dana.page.clock.install({ time: Date.now() + offset });
    await dana.open(invoice);
    const timeOf = (place) => dana.page.locator(place).first().innerText();
    assert.equal(await timeOf("#comments time"), "3 hours ago");
    await dana.page.goto("/invoices");
    // The script has written the times.
    await until("the script", () => dana.page.locator("#activity-toggle[role=button]").isVisible());
    const row = dana.page.locator("tr").filter({ hasText: invoice.number });
    assert.equal(await row.locator(".last time").innerText(), "3 hours ago");
    await dana.page.locator("#activity-toggle").click();
    const told = dana.page.locator("#activity li").filter({ hasText: "Comment 2 of 2." }).first();
    assert.equal(await told.locator("time").innerText(), "3 hours ago");
  }
});
