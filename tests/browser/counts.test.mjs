// The count, which stands once on the page: right at every moment, and never behind the list.
import assert from "node:assert/strict";
import { until } from "./support/await.mjs";
import { assertCountsAgree, assertWithoutGap } from "./support/invoice_page.mjs";
import { suite } from "./support/suite.mjs";

const test = suite();

test("It is right after each post, one's own and others'", async ({ stack, browser }) => {
  const invoice = await stack.newInvoice(0);
  const dana = await browser.person("dana");
  await dana.open(invoice);
  assert.deepEqual(await dana.counts(), ["No comments"]);
  for (let i = 1; i <= 6; i += 1) {
    if (i % 2 === 1) await dana.postConfirmed(`Number ${i}.`);
    else await stack.addComment(invoice, "priya", `Number ${i}.`);
    await dana.comment(`Number ${i}.`).waitFor();
    const words = i === 1 ? "1 comment" : `${i} comments`;
    assert.deepEqual(await dana.counts(), [words]);
  }
  assertCountsAgree(await dana.states());
  assertWithoutGap(await dana.states());
});

test("A fresh list beside a stale count is impossible, while the counts lag behind", async ({
  stack,
  browser,
}) => {
  const invoice = await stack.newInvoice(3);
  const dana = await browser.person("dana");
  dana.watch.expect(/503/);
  await dana.open(invoice);
  // invoice-service hears of nothing any more: its counts are old, and it cannot answer the token.
  stack.projectorLink.hold();
  try {
    await dana.postConfirmed("Ahead of the projection.");
    await stack.addComment(invoice, "priya", "So am I.");
    await dana.comment("So am I.").waitFor();
    await dana.postConfirmed("And a third.");
    await until(
      "the summary was asked for",
      () => dana.requests(/\/summary\?consistency=/).length > 0,
    );
    assert.deepEqual(await dana.counts(), ["6 comments"]);

    // A page that is loaded just now is no different.
    const priya = await browser.person("priya");
    priya.watch.expect(/503/);
    await priya.open(invoice);
    assert.deepEqual(await priya.counts(), ["6 comments"]);
    assertCountsAgree(await priya.states());
    assertCountsAgree(await dana.states());
  } finally {
    stack.projectorLink.resume();
  }
  await dana.postConfirmed("Back in step.");
  await dana.page.locator('#summary[data-count="7"]').waitFor({ state: "attached" });
  assertCountsAgree(await dana.states());
});

test("After a post the summary is the server's own, read with the token", async ({
  stack,
  browser,
}) => {
  const invoice = await stack.newInvoice(1);
  const dana = await browser.person("dana");
  await dana.open(invoice);
  const fragment = dana.page.waitForResponse(/\/summary\?consistency=/);
  await dana.postConfirmed("Count me in.");
  const answer = await fragment;
  assert.equal(answer.status(), 200);
  assert.match(
    await answer.text(),
    /^\s*<section id="summary"[^>]*data-count="2"[\s\S]*<\/section>\s*$/,
  );
  await dana.page.locator('#summary[data-count="2"]').waitFor({ state: "attached" });
  assertCountsAgree(await dana.states());
});

test("An older summary never lowers the count", async ({ stack, browser }) => {
  const invoice = await stack.newInvoice(1);
  const dana = await browser.person("dana");
  await dana.open(invoice);
  const held = stack.front.holdAnswers(/\/summary\?/);
  await dana.postConfirmed("Two.");
  await until("a summary of two", () => held.answers >= 1);
  await stack.addComment(invoice, "priya", "Three.");
  await dana.comment("Three.").waitFor();
  held.end();
  await dana.postConfirmed("Four.");
  await until("the summary of four", async () => (await dana.counts())[0] === "4 comments");
  assertCountsAgree(await dana.states());
});

test("Without one of the services the other half stands", async ({ stack, browser }) => {
  const invoice = await stack.newInvoice(2);
  const dana = await browser.person("dana");
  dana.watch.expect(/50\d|ERR_|events/);
  // Known to comments-service already: only then can it do without the other.
  await dana.open(invoice);
  stack.invoicesFront.cut();
  try {
    await dana.page.goto(`/invoices/${invoice.id}`);
    await dana.comment("Comment 2 of 2.").waitFor();
    assert.equal(await dana.page.locator("#summary .notice").count(), 1);
    await dana.postConfirmed("Posted all the same.");
    await browser.takePictures("Without invoice-service");
  } finally {
    stack.invoicesFront.leadTo(stack.invoices.address);
  }
  await until("the gateway has found invoice-service again", async () =>
    (await dana.page.request.get(`/api/invoices/${invoice.id}`)).ok(),
  );
  stack.commentsFront.cut();
  try {
    await dana.page.goto(invoice.path);
    await dana.page.locator("#summary").getByText("Acme Corp").waitFor();
    assert.equal(await dana.page.locator("#thread .notice").count(), 1);
    await browser.takePictures("Without comments-service");
  } finally {
    stack.commentsFront.leadTo(stack.comments.address);
  }
});
