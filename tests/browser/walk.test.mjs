// A walk of two people through a dispute: from the list to a comment, answered, settled, read again,
// and back. Nothing is lost, nothing moves, and every count is right in both browsers.
import assert from "node:assert/strict";
import { until } from "./support/await.mjs";
import { assertNoFlicker, assertWithoutGap } from "./support/invoice_page.mjs";
import { suite } from "./support/suite.mjs";

const test = suite();
const pixelsMax = 2;

async function counts(one, words) {
  await until(`${words} everywhere`, async () =>
    (await one.counts()).every((count) => count.includes(words)),
  );
}

// The list counts what has reached the invoice service, which is a moment later.
async function rowSays(one, row, words) {
  await until(`the row says ${words}`, async () => {
    if (words.test(await row.innerText())) return true;
    await one.page.reload();
    return false;
  });
}

async function topOf(one, id) {
  return one.page.locator(`#comment-${id}`).evaluate((item) => item.getBoundingClientRect().top);
}

test("A coworker finds, answers, settles and comes back", async ({ stack, browser }) => {
  const invoice = await stack.newInvoice(60, { customer: { name: "Walkers Ltd" } });
  const asked = await stack.addComment(invoice, "priya", "Was the second round agreed?");
  await stack.postComments(
    invoice,
    "priya",
    Array.from({ length: 30 }, (_, i) => `Since then ${i + 1}.`),
  );
  const priya = await browser.person("priya");
  await priya.open(invoice);
  await counts(priya, "91");

  // Dana looks for the customer, and follows the link that Priya sent her.
  const dana = await browser.person("dana");
  const row = dana.page.locator("tr").filter({ hasText: invoice.number });
  await dana.page.getByRole("searchbox").fill("walkers");
  await dana.page.keyboard.press("Enter");
  await dana.page.waitForURL("**search=walkers");
  await rowSays(dana, row, /91 comments[\s\S]*Priya/);
  await dana.open(invoice, `?comment=${asked.commentId}`);
  await dana.comment(asked.body).waitFor();
  await until("the comment is in sight", async () => {
    const top = await topOf(dana, asked.commentId);
    return top > 0 && top < 900;
  });
  await counts(dana, "91");

  // She answers from deep in the thread; both see it, and Priya's page does not move for it.
  await dana.page.keyboard.press("c");
  await dana.page.keyboard.type("Yes: see the mail of the third.");
  await dana.page.keyboard.press("Control+Enter");
  const answer = "Yes: see the mail of the third.";
  await dana.comment(answer).and(dana.page.locator(":not(.pending)")).waitFor();
  await priya.comment(answer).waitFor();
  for (const one of [dana, priya]) await counts(one, "92");

  // She settles it; both see that.
  await dana.page.getByRole("button", { name: "Resolve", exact: true }).click();
  for (const one of [dana, priya]) await one.page.locator("#thread-state.resolved").waitFor();
  const [stored] = await stack.thread(invoice);
  assert.equal(stored.body, answer);
  assertNoFlicker(await dana.states(), stored.commentId);
  assertWithoutGap(await priya.states());

  // The link leads where it led, after a reload too, and the thread's own address to its newest.
  await dana.open(invoice, `?comment=${asked.commentId}`);
  await dana.comment(asked.body).waitFor();
  await dana.come(() => dana.page.reload());
  await dana.comment(asked.body).waitFor();
  await dana.open(invoice);
  assert.equal((await dana.comments())[0].id, stored.commentId);
  await dana.page.locator("#thread-state.resolved").waitFor();
  await counts(dana, "92");
  assert.equal(await dana.body.inputValue(), "");
  assert.deepEqual(await dana.unsent(), []);

  // Priya reads on below, and what she reads stays where it is while Dana writes.
  await priya.scrollUntil("a comment further down", 500, () =>
    priya.page.evaluate(() => window.scrollY > 1_500),
  );
  const place = await priya.readingPlace();
  await dana.postConfirmed("Thank you.");
  await priya.page.locator("#new-comments").waitFor();
  const now = await priya.readingPlace();
  assert.equal(now.id, place.id);
  assert.ok(Math.abs(now.top - place.top) <= pixelsMax, `${place.top} became ${now.top}`);
  for (const one of [dana, priya]) await counts(one, "93");

  // Back on the list the row says what has happened.
  await dana.page.goto("/invoices?search=walkers");
  await rowSays(dana, row, /93 comments[\s\S]*Resolved[\s\S]*Dana/);
  await dana.come(() => dana.page.goBack());
  await counts(dana, "93");
  assert.equal((await dana.comments())[0].body, "Thank you.");
});
