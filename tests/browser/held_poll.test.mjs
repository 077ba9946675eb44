// A poll that was answered before a post and arrives after it must not take the comment away.
import assert from "node:assert/strict";
import { until } from "./support/await.mjs";
import {
  assertCountsAgree,
  assertInOrder,
  assertNoFlicker,
  assertWithoutGap,
} from "./support/invoice_page.mjs";
import { suite } from "./support/suite.mjs";

const test = suite();
const polls = /^GET \/api\/invoices\/[^/]+\/comments/;

// A page that polls, and a poll that the server has answered while the page has not heard it.
async function withPollInFlight({ stack, browser }, invoice) {
  const dana = await browser.person("dana");
  dana.watch.expect(/ERR_|events/);
  await dana.takeClock();
  await dana.open(invoice);
  const cut = stack.front.refuse(/\/events\b/);
  await dana.passTimeUntil("a first poll", () => dana.requests(polls).length >= 1);
  // Another's comment makes the next poll a 200, which says of the thread what was true then.
  await stack.addComment(invoice, "priya", "Before the poll.");
  const poll = stack.front.holdAnswers(polls);
  await dana.passTimeUntil("a poll in flight", () => poll.answers >= 1);
  return { dana, poll, cut };
}

async function assertPosted(stack, dana, invoice, text) {
  await until("it is confirmed", async () =>
    (await dana.comments()).some((one) => one.body === text && !one.pending),
  );
  await dana.passTimeUntil("what the poll would have brought", async () =>
    (await dana.comments()).some((one) => one.body === "Before the poll."),
  );
  const mine = (await stack.thread(invoice)).find((one) => one.body === text);
  const states = await dana.states();
  // What another posted just before may well arrive just after.
  assertInOrder(states);
  assertWithoutGap(states.slice(-1));
  assertNoFlicker(states, mine.commentId);
  assertCountsAgree(states);
  assert.equal((await dana.comments()).length, 5);
}

test("A poll released after the post was confirmed changes nothing", async ({ stack, browser }) => {
  const invoice = await stack.newInvoice(3);
  const { dana, poll, cut } = await withPollInFlight({ stack, browser }, invoice);
  await dana.post("Posted over a poll.");
  await dana.comment("Posted over a poll.").waitFor();
  await until("the server has it", async () => (await stack.storedComments(invoice)).length === 5);
  poll.end();
  await assertPosted(stack, dana, invoice, "Posted over a poll.");
  cut.end();
});

test("A poll released while the post is under way changes nothing", async ({ stack, browser }) => {
  const invoice = await stack.newInvoice(3);
  const { dana, poll, cut } = await withPollInFlight({ stack, browser }, invoice);
  const post = stack.front.holdAnswers(/^POST .*\/comments/);
  await dana.post("Posted over a poll.");
  await until("the post is under way", () => post.answers === 1);
  poll.end();
  const later = stack.front.holdAnswers(polls);
  await dana.page.evaluate(
    () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))),
  );
  assert.equal((await dana.comments())[0].body, "Posted over a poll.");
  post.end();
  later.end();
  await assertPosted(stack, dana, invoice, "Posted over a poll.");
  cut.end();
});

test("A poll released after a refused post leaves the thread as it is", async ({
  stack,
  browser,
}) => {
  const invoice = await stack.newInvoice(3);
  const { dana, poll, cut } = await withPollInFlight({ stack, browser }, invoice);
  dana.watch.expect(/500/);
  const route = "**/invoices/*/comments";
  await dana.page.route(route, (one) =>
    one.request().method() === "POST"
      ? one.fulfill({
          status: 500,
          contentType: "application/problem+json",
          body: '{"title":"Error","status":500}',
        })
      : one.fallback(),
  );
  await dana.post("Refused over a poll.");
  await dana.failed();
  poll.end();
  await dana.passTimeUntil("what the poll would have brought", async () =>
    (await dana.comments()).some((one) => one.body === "Before the poll."),
  );
  assert.equal((await dana.comments()).length, 4);
  assert.equal((await dana.unsent())[0].body, "Refused over a poll.");
  assertWithoutGap(await dana.states());
  assertCountsAgree(await dana.states());
  cut.end();
});
