// The oldest comment first, for whoever chooses so: the page reads downwards, and what is new comes at
// its end, where one writes.
import assert from "node:assert/strict";
import { until } from "./support/await.mjs";
import { refuseLater } from "./support/gate.mjs";
import { suite } from "./support/suite.mjs";

const test = suite();
const off = { javaScriptEnabled: false };
const pixelsMax = 2;

async function sequences(person) {
  return person.page
    .locator("#comments > .comment")
    .evaluateAll((items) => items.map((item) => Number(item.dataset.sequence ?? 0)));
}

function upTo(from, to) {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

async function choose(person, name) {
  await person.page.getByRole("link", { name, exact: true }).click();
  await person.page.waitForURL(/order=/);
}

async function atTheEnd(person) {
  await person.scrollUntil("the end of the thread", 900, () =>
    person.page.evaluate(
      () =>
        !document.querySelector("#newer") &&
        scrollY + innerHeight >= document.body.scrollHeight - 2,
    ),
  );
}

test("Without a script it is kept, and paging both ways shows each comment once", async ({
  stack,
  browser,
}) => {
  const invoice = await stack.newInvoice(45);
  const dana = await browser.person("dana", off);
  await dana.page.goto(invoice.path);
  await choose(dana, "Oldest first");
  const pages = [await sequences(dana)];
  while ((await dana.page.locator("#newer").count()) > 0) {
    await dana.page.locator("#newer").click();
    await dana.page.waitForLoadState();
    pages.push(await sequences(dana));
    assert.ok(pages.length <= 3, "there are only three pages");
  }
  assert.deepEqual(pages.flat(), upTo(1, 45));
  await stack.addComment(invoice, "priya", "Meanwhile.");
  await dana.page.locator("#older").click();
  await dana.page.waitForLoadState();
  assert.deepEqual(await sequences(dana), pages[1]);

  // By now the browser knows.
  await dana.page.goto(invoice.path);
  assert.deepEqual(await sequences(dana), upTo(1, 20));
  await dana.post("Written at the end.");
  await dana.page.waitForURL(/comment=/);
  assert.equal((await sequences(dana)).at(-1), 47);
  await dana.comment("Written at the end.").waitFor();

  await dana.page.goto(invoice.path);
  await choose(dana, "Newest first");
  assert.equal((await sequences(dana))[0], 47);
  await dana.page.goto(invoice.path);
  assert.equal((await sequences(dana))[0], 47);
});

test("Read downwards it has every comment once, and ends where one writes", async ({
  stack,
  browser,
}) => {
  const invoice = await stack.newInvoice(90);
  await stack.send(invoice);
  const dana = await browser.person("dana");
  await dana.open(invoice);
  await choose(dana, "Oldest first");
  await dana.open(invoice);
  assert.deepEqual((await sequences(dana)).slice(0, 20), upTo(1, 20));
  await dana.scrollUntil("comment 50", 700, async () => (await sequences(dana)).includes(50));
  await browser.takePictures("Oldest first");
  await atTheEnd(dana);
  assert.deepEqual(await sequences(dana), upTo(1, 90));
  // What became of it is the last of the story.
  assert.equal(
    await dana.page.locator("#comments > li").last().locator("> p").innerText(),
    "Dana sent the invoice",
  );

  // Others' and one's own come below, and the form stays where it is.
  const formTop = () =>
    dana.page.evaluate(() =>
      Math.round(document.querySelector("#comment-form").getBoundingClientRect().top),
    );
  const top = await formTop();
  await stack.addComment(invoice, "priya", "Another one.");
  await dana.comment("Another one.").waitFor();
  assert.ok(Math.abs((await formTop()) - top) <= pixelsMax, `${top} to ${await formTop()}`);
  assert.equal(await dana.page.locator("#new-comments").count(), 0);
  await dana.postConfirmed("Mine.");
  assert.deepEqual((await sequences(dana)).slice(-2), [91, 92]);
  assert.ok(Math.abs((await formTop()) - top) <= pixelsMax);
});

test("What was not posted stands at the end, in the order in which it was written", async ({
  stack,
  browser,
}) => {
  const invoice = await stack.newInvoice(4);
  const dana = await browser.person("dana");
  dana.watch.expect(/ERR_/);
  await dana.open(invoice, "?order=oldest");
  stack.front.refuse(/^POST .*\/comments/);
  await dana.post("First.");
  await dana.failed();
  await dana.post("Second.");
  await until("both are there", async () => (await dana.unsent()).length === 2);
  assert.deepEqual(
    (await dana.unsent()).map(({ body }) => body),
    ["First.", "Second."],
  );
  const [thread, unsent, form] = await Promise.all(
    ["#comments", "#unsent", "#comment-form"].map((part) => dana.page.locator(part).boundingBox()),
  );
  assert.ok(unsent.y - (thread.y + thread.height) >= 8, "it hangs on the thread");
  assert.ok(form.y - (unsent.y + unsent.height) >= 8, "the form hangs on it");
});

test("What one writes in stays where it is when a comment is refused", async ({
  stack,
  browser,
}) => {
  const invoice = await stack.newInvoice(4);
  const dana = await browser.person("dana");
  dana.watch.expect(/500/);
  await dana.open(invoice, "?order=oldest");
  const refused = await refuseLater(dana.page, "POST", "**/api/invoices/*/comments");
  const topOfForm = () => dana.body.evaluate((body) => body.getBoundingClientRect().top);
  await dana.body.focus();
  await dana.write("Refused.\nIn two lines.");
  await dana.page.keyboard.press("Control+Enter");
  await dana.comment("Refused.").waitFor();
  const before = await topOfForm();
  refused.open();
  await dana.failed();
  assert.ok(Math.abs((await topOfForm()) - before) <= pixelsMax, "it moved");
});

test("Who has left the form for further up, with the focus still in it, is moved by nothing new", async ({
  stack,
  browser,
}) => {
  const invoice = await stack.newInvoice(30);
  const dana = await browser.person("dana");
  await dana.open(invoice, "?order=oldest");
  await atTheEnd(dana);
  await dana.body.focus();
  await dana.scrollUntil("the form is out of sight", -400, () =>
    dana.page.evaluate(
      () => document.querySelector("#comment-form").getBoundingClientRect().top > innerHeight + 200,
    ),
  );
  assert.equal(await dana.page.evaluate(() => document.activeElement.id), "comment-body");
  const place = await dana.readingPlace();
  await stack.addComment(invoice, "priya", "Meanwhile.");
  await dana.comment("Meanwhile.").waitFor();
  const now = await dana.readingPlace();
  assert.equal(now.id, place.id);
  assert.ok(Math.abs(now.top - place.top) <= pixelsMax, "what one reads moved");
});

test("Further up nothing moves for what is new, and a word leads there", async ({
  stack,
  browser,
}) => {
  const invoice = await stack.newInvoice(90);
  const dana = await browser.person("dana");
  await dana.page.goto(`${invoice.path}?order=oldest`);
  await dana.open(invoice);
  await dana.scrollUntil("comment 30", 500, async () => (await sequences(dana)).includes(30));
  const place = await dana.readingPlace();
  await stack.addComment(invoice, "priya", "Far below.");
  await dana.page.locator("#new-comments").waitFor();
  assert.deepEqual(await dana.readingPlace(), place);
  await dana.page.locator("#new-comments").click();
  await dana.comment("Far below.").waitFor();
  await until("it is in sight", () =>
    dana.page.evaluate(() => {
      const box = [...document.querySelectorAll("#comments > .comment")].at(-1);
      const { top, bottom } = box.getBoundingClientRect();
      return top >= 0 && bottom <= innerHeight;
    }),
  );
  await dana.page.locator("#new-comments").waitFor({ state: "detached" });
});

test("Older comments come above without moving what one reads, also after a reload", async ({
  stack,
  browser,
}) => {
  const invoice = await stack.newInvoice(90);
  const dana = await browser.person("dana");
  await dana.page.goto(`${invoice.path}?order=oldest`);
  await dana.open(invoice);
  await atTheEnd(dana);
  await dana.scrollUntil("the middle", -400, () =>
    dana.page.evaluate(() => scrollY < document.body.scrollHeight / 2),
  );
  const noted = await until("the place is noted", async () => {
    const place = await dana.readingPlace();
    const kept = await dana.page.evaluate(() => history.state?.place);
    return kept?.itemId === place.id && Math.abs(kept.top - place.top) <= pixelsMax && place;
  });
  await dana.come(() => dana.page.reload());
  await until("the same place", async () => {
    const now = await dana.readingPlace();
    return now.id === noted.id && Math.abs(now.top - noted.top) <= pixelsMax;
  });
  await dana.scrollUntil("the first comment", -600, async () => (await sequences(dana))[0] === 1);
  const all = await sequences(dana);
  assert.deepEqual(all, upTo(1, all.length));
});

test("The line of the last visit stands above what is new", async ({ stack, browser }) => {
  const invoice = await stack.newInvoice(3);
  const dana = await browser.person("dana");
  const marked = dana.page.waitForResponse((answer) => answer.url().endsWith("/read"));
  await dana.page.goto(`${invoice.path}?order=oldest`);
  await marked;
  await dana.page.goto("/invoices");
  await stack.addComment(invoice, "priya", "Since then.");
  await stack.addComment(invoice, "alex", "And this.");
  await dana.open(invoice);
  const line = dana.page.locator("#comments > .comment[data-seen]");
  assert.equal(await line.count(), 1);
  assert.equal(await line.getAttribute("data-sequence"), "4");
});
