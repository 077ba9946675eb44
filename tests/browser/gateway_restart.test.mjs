// The gateway ends and comes back under an open page, which recovers by itself.
import assert from "node:assert/strict";
import { until } from "./support/await.mjs";
import { assertCountsAgree, assertWithoutGap } from "./support/invoice_page.mjs";
import { suite } from "./support/suite.mjs";

const test = suite();
const recoveryMsMax = 30_000;
const streamMsMax = 5_000;

async function openMarked(browser, person, invoice) {
  const one = await browser.person(person);
  one.watch.expect(/ERR_|events|50\d/);
  await one.open(invoice);
  await one.page.evaluate(() => {
    window.neverReloaded = true;
  });
  return one;
}

async function assertWhole(stack, person, invoice, count) {
  await until(
    `${count} comments`,
    async () => {
      const comments = await person.comments();
      const isSettled = comments.length === count && comments.every((one) => !one.pending);
      return isSettled && (await person.counts())[0] === `${count} comments`;
    },
    recoveryMsMax,
  );
  const stored = (await stack.thread(invoice)).map((one) => one.commentId);
  assert.deepEqual(
    (await person.comments()).map((one) => one.id),
    stored,
  );
  assert.equal(
    await person.page.evaluate(() => window.neverReloaded),
    true,
    "the page was reloaded",
  );
  const states = await person.states();
  assertWithoutGap(states);
  assertCountsAgree(states);
}

for (const signal of ["SIGKILL", "SIGTERM"]) {
  test(`After ${signal} nothing is missing and nothing doubled`, async ({ stack, browser }) => {
    const invoice = await stack.newInvoice(3);
    const dana = await openMarked(browser, "dana", invoice);
    await dana.postConfirmed("Before.");
    await stack.gateway.end(signal);
    for (let i = 1; i <= 3; i += 1) await stack.addComment(invoice, "priya", `Meanwhile ${i}.`);
    const again = dana.reconnected(recoveryMsMax);
    await stack.startGateway();
    await assertWhole(stack, dana, invoice, 7);
    await again;
    // Live again, in both directions.
    await stack.addComment(invoice, "alex", "After.");
    await dana.comment("After.").waitFor({ timeout: streamMsMax });
    await dana.postConfirmed("And mine.");
    await assertWhole(stack, dana, invoice, 9);
  });
}

test("More than a page that was missed closes up without a gap", async ({ stack, browser }) => {
  const invoice = await stack.newInvoice(30);
  const dana = await openMarked(browser, "dana", invoice);
  await dana.scrollToOldest();
  await stack.gateway.end();
  const missed = Array.from({ length: 45 }, (_, i) => `Meanwhile ${i + 1}.`);
  await stack.importComments(invoice.id, missed, { minutesAgo: 1 });
  await stack.startGateway();
  await until("the count", async () => (await dana.counts())[0] === "75 comments", recoveryMsMax);
  await dana.scrollToNewest();
  await dana.comment("Meanwhile 45.").waitFor();
  await dana.scrollToOldest();
  assertWithoutGap(await dana.states());
  assertCountsAgree(await dana.states());
  const shown = new Set((await dana.states()).flatMap(({ items }) => items.map((item) => item.id)));
  assert.equal(shown.size, 75);
});

test("A post while the gateway is away is kept, and sent once", async ({ stack, browser }) => {
  const invoice = await stack.newInvoice(3);
  const dana = await openMarked(browser, "dana", invoice);
  await stack.gateway.end();
  await dana.post("Is anybody there?");
  assert.equal((await dana.failed()).body, "Is anybody there?");
  assert.deepEqual(await dana.counts(), ["3 comments"]);
  await stack.startGateway();
  await dana.press("Post again");
  await dana.comment("Is anybody there?").waitFor();
  await assertWhole(stack, dana, invoice, 4);
});

test("The comments service may end and come back as well", async ({ stack, browser }) => {
  const invoice = await stack.newInvoice(3);
  const dana = await openMarked(browser, "dana", invoice);
  await stack.comments.end();
  stack.commentsFront.cut();
  stack.projectorLink.cut();
  await dana.post("Into the void.");
  await dana.failed();
  await stack.startComments();
  await stack.addComment(invoice, "priya", "I am back.");
  await dana.page
    .locator("#comments > li")
    .filter({ hasText: "I am back." })
    .waitFor({ timeout: recoveryMsMax });
  await dana.press("Post again");
  await assertWhole(stack, dana, invoice, 5);
});
