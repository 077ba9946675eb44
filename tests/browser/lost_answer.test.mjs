// A post whose answer is lost may have been stored: it is sent again under the same id.
import assert from "node:assert/strict";
import { until } from "./support/await.mjs";
import { assertCountsAgree, assertInOrder, assertWithoutGap } from "./support/invoice_page.mjs";
import { suite } from "./support/suite.mjs";

const test = suite();
const posts = /^POST .*\/comments/;
const streams = /\/events\b/;

// The ids of all posts so far.
function sentIds(person) {
  return person.watch.requests
    .filter((request) => request.method() === "POST" && request.url().includes("/comments"))
    .map((request) => request.postDataJSON())
    .map((sent) => sent.id ?? sent.comment_id);
}

async function confirmed(person, body) {
  await until(`"${body}" is confirmed`, async () =>
    (await person.comments()).some((one) => one.body === body && !one.pending),
  );
}

// Opens the invoice and posts while nothing comes back: neither the answer nor, by stream or poll,
// the comment itself. Returns what ends the silence: `answer` for posts alone, `speak` for all.
async function postIntoSilence(stack, person, invoice, text) {
  person.watch.expect(/ERR_|events/);
  await person.open(invoice);
  const answers = stack.front.loseAnswers(posts);
  const silence = [
    answers,
    stack.front.refuse(streams),
    stack.front.refuse(/^GET \/(api\/)?invoices\/[^/ ]+\/(comments|summary)/),
  ];
  await person.post(text);
  await until("the server has it", async () =>
    (await stack.storedComments(invoice)).some((comment) => comment.body === text),
  );
  return {
    answer: () => answers.end(),
    speak() {
      for (const rule of silence) rule.end();
    },
  };
}

test("The same text sent again takes the same id and is there once", async ({ stack, browser }) => {
  const invoice = await stack.newInvoice(3);
  const dana = await browser.person("dana");
  const { answer, speak } = await postIntoSilence(stack, dana, invoice, "Did you get this?");
  assert.equal((await dana.failed()).body, "Did you get this?");
  answer();

  await dana.press("Post again");
  await confirmed(dana, "Did you get this?");
  speak();
  const ids = sentIds(dana);
  assert.ok(ids.length >= 2, "it was not sent again");
  assert.equal(new Set(ids).size, 1, `it was sent under several ids: ${ids}`);
  assert.equal((await stack.thread(invoice)).length, 4);
  assert.deepEqual(await dana.unsent(), []);
  assertWithoutGap(await dana.states());
  assertCountsAgree(await dana.states());
});

test("The stored comment, when it arrives after all, settles the matter", async ({
  stack,
  browser,
}) => {
  const invoice = await stack.newInvoice(3);
  const dana = await browser.person("dana");
  const { speak } = await postIntoSilence(stack, dana, invoice, "You did get this.");
  await dana.failed();
  speak();

  await confirmed(dana, "You did get this.");
  await until("nothing is in doubt", async () => (await dana.unsent()).length === 0);
  await dana.postConfirmed("Thanks.");
  assert.equal((await stack.thread(invoice)).length, 5);
  assertWithoutGap(await dana.states());
});

test("After a reload what was stored is there once, and nothing is in doubt", async ({
  stack,
  browser,
}) => {
  const invoice = await stack.newInvoice(3);
  const dana = await browser.person("dana");
  const { speak } = await postIntoSilence(stack, dana, invoice, "Reload me.");
  await dana.failed();
  speak();

  await dana.open(invoice);
  await confirmed(dana, "Reload me.");
  await until("nothing is in doubt", async () => (await dana.unsent()).length === 0);
  assert.equal((await dana.comments()).filter((one) => one.body === "Reload me.").length, 1);
  await dana.open(invoice);
  assert.deepEqual(await dana.unsent(), []);
});

test("After a reload what never arrived is still in doubt, and is sent under the same id", async ({
  stack,
  browser,
}) => {
  const invoice = await stack.newInvoice(3);
  const dana = await browser.person("dana");
  dana.watch.expect(/ERR_|events/);
  await dana.open(invoice);
  const deaf = stack.front.refuse(posts);
  await dana.post("Nobody hears me.");
  await dana.failed();
  deaf.end();

  await dana.open(invoice);
  const { body, why } = await dana.failed();
  assert.equal(body, "Nobody hears me.");
  assert.match(why, /not confirmed/);
  await dana.press("Post again");
  await confirmed(dana, "Nobody hears me.");
  const ids = sentIds(dana);
  assert.ok(ids.length >= 2);
  assert.equal(new Set(ids).size, 1, `it was sent under several ids: ${ids}`);
  assert.equal((await stack.thread(invoice)).length, 4);
  await dana.open(invoice);
  assert.deepEqual(await dana.unsent(), []);
});

test("A page that was closed before the answer leaves the text to the next one", async ({
  stack,
  browser,
}) => {
  const invoice = await stack.newInvoice(1);
  const dana = await browser.person("dana");
  await dana.open(invoice);
  const held = stack.front.holdAnswers(posts);
  const deaf = stack.front.refuse(streams);
  dana.watch.expect(/ERR_|events/);
  await dana.post("Closed too soon.");
  await until("the server has answered", () => held.answers >= 1);
  const next = await browser.tab(dana.page.context());
  await dana.page.close();
  held.end();
  deaf.end();

  await next.open(invoice);
  await confirmed(next, "Closed too soon.");
  await until("nothing is in doubt", async () => (await next.unsent()).length === 0);
  assert.equal((await stack.thread(invoice)).length, 2);
});

test("A changed text is another comment", async ({ stack, browser }) => {
  const invoice = await stack.newInvoice(1);
  const dana = await browser.person("dana");
  const { speak } = await postIntoSilence(stack, dana, invoice, "First thought.");
  await dana.failed();
  await dana.write("Second thought.");
  speak();
  await dana.send();
  await confirmed(dana, "Second thought.");
  await confirmed(dana, "First thought.");
  assert.equal(new Set(sentIds(dana)).size, 2);
  assert.equal((await stack.thread(invoice)).length, 3);
  // The second was confirmed before the page could learn that the first had been stored.
  assertInOrder(await dana.states());
  assertWithoutGap((await dana.states()).slice(-1));
  assertCountsAgree(await dana.states());
});

test("What one person could not send is not another's to see", async ({ stack, browser }) => {
  const invoice = await stack.newInvoice(1);
  const dana = await browser.person("dana");
  dana.watch.expect(/ERR_|events/);
  await dana.open(invoice);
  const deaf = stack.front.refuse(posts);
  await dana.post("Only mine.");
  await dana.failed();
  deaf.end();
  await dana.page.locator(".viewer button").click();
  await dana.signIn("priya");
  await dana.open(invoice);
  assert.deepEqual(await dana.unsent(), []);
});
