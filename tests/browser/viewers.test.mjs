// All tabs of a browser share one session: it may end, or become another person's, in any of them.
import assert from "node:assert/strict";
import { until } from "./support/await.mjs";
import { suite } from "./support/suite.mjs";

const test = suite();
const refusals = /40[19]/;

// As a browser tells a page that its window is looked at again.
async function comeBackTo(one) {
  await one.page.bringToFront();
  await one.page.evaluate(() => window.dispatchEvent(new Event("focus")));
}

function labelOf(one) {
  return one.page.locator("#live");
}

test("What is typed after somebody else signed in is stored under no other name", async ({
  stack,
  browser,
}) => {
  const invoice = await stack.newInvoice(2);
  const first = await browser.person("dana");
  first.watch.expect(refusals);
  await first.open(invoice);
  const second = await browser.tab(first.page.context());
  await second.signIn("priya");
  await first.post("Typed by Dana.");
  await labelOf(first).filter({ hasText: "Somebody else is signed in" }).waitFor();
  await until("it says who that is", async () =>
    /Priya.* is signed in here now/.test(await first.error()),
  );
  assert.equal(await first.body.inputValue(), "Typed by Dana.");
  assert.equal(await first.comment("Typed by Dana.").count(), 0);
  assert.equal((await stack.thread(invoice)).length, 2);
  await browser.takePictures("Somebody else is signed in");

  // Whoever goes on as the other one takes the text along.
  await first.page.getByRole("link", { name: "Go on as who that is" }).click();
  await first.page.locator(".viewer-name").filter({ hasText: "Priya" }).waitFor();
  await until("the text is there", async () => (await first.body.inputValue()) !== "");
  assert.equal(await first.body.inputValue(), "Typed by Dana.");
  await first.send();
  await first.comment("Typed by Dana.").and(first.page.locator(":not(.pending)")).waitFor();
  const [newest] = await stack.thread(invoice);
  assert.equal(newest.author.userId, "priya");
});

test("Nor what a page without a script sends", async ({ stack, browser }) => {
  const invoice = await stack.newInvoice(1);
  const first = await browser.person("dana", { javaScriptEnabled: false });
  first.watch.expect(refusals);
  await first.page.goto(invoice.path);
  const second = await browser.tab(first.page.context());
  await second.signIn("priya");
  await first.post("Typed by Dana.");
  assert.equal(await first.page.locator("#typed").inputValue(), "Typed by Dana.");
  await browser.takePictures("The text given back");
  assert.equal((await stack.thread(invoice)).length, 1);
  await first.page.getByRole("link", { name: "Go on as Priya" }).click();
  await first.page.waitForURL(`**${invoice.path}`);
});

test("Whoever signed out elsewhere hears of nothing more, and goes on after signing in again", async ({
  stack,
  browser,
}) => {
  const invoice = await stack.newInvoice(1);
  const first = await browser.person("dana");
  first.watch.expect(refusals);
  await first.open(invoice);
  await first.write("Half a sen");
  const second = await browser.tab(first.page.context());
  await second.page.goto("/invoices");
  await second.page.getByRole("button", { name: "Sign out" }).click();
  await second.page.waitForURL("**/sign-in");
  await labelOf(first).filter({ hasText: "Your session has ended" }).waitFor();
  await stack.addComment(invoice, "priya", "Not for those who left.");
  // It asks again when somebody comes back to it, and is told nothing.
  const asked = first.page.waitForResponse((answer) => answer.status() === 401);
  await comeBackTo(first);
  await asked;
  assert.equal(await first.comment("Not for those who left.").count(), 0);

  await second.signIn("dana");
  await comeBackTo(first);
  await labelOf(first).filter({ hasText: /^Live$/ }).waitFor();
  await first.comment("Not for those who left.").waitFor();
  await stack.addComment(invoice, "priya", "Live again.");
  await first.comment("Live again.").waitFor();
  assert.equal(await first.body.inputValue(), "Half a sen");
});

test("A page that is heard of first after somebody else signed in shows nothing to the other one", async ({
  stack,
  browser,
}) => {
  const invoice = await stack.newInvoice(1);
  const first = await browser.person("dana");
  first.watch.expect(refusals);
  await first.open(invoice);
  const second = await browser.tab(first.page.context());
  await second.signIn("mallory@rivalworks");
  await labelOf(first).filter({ hasText: "Somebody else is signed in" }).waitFor();
  await stack.addComment(invoice, "priya", "Not for Mallory.");
  const asked = first.page.waitForResponse((answer) => [401, 409].includes(answer.status()));
  await comeBackTo(first);
  await asked;
  await labelOf(first).filter({ hasText: "Somebody else is signed in" }).waitFor();
  assert.equal(await first.comment("Not for Mallory.").count(), 0);
});
