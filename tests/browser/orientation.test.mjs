// What helps one find one's way in a thread: days, what is new, times, long comments, the tab.
import assert from "node:assert/strict";
import { until } from "./support/await.mjs";
import { suite } from "./support/suite.mjs";

const test = suite();

test("A comment of 400 blank lines is folded, and shown whole on demand", async ({
  stack,
  browser,
}) => {
  const long = `Begin${"\n".repeat(400)}https://acme.example/end`;
  const invoice = await stack.newInvoice(["Short.", long, "After it."]);
  const dana = await browser.person("dana");
  await dana.open(invoice);
  const height = () => dana.comment("Begin").evaluate((item) => item.offsetHeight);
  assert.ok((await height()) < 700, `it takes ${await height()} pixels`);
  const buttons = dana.page.getByRole("button", { name: "Show all" });
  await buttons.waitFor();
  assert.equal(await buttons.count(), 1, "only what is long is folded");

  await buttons.focus();
  await dana.page.keyboard.press("Enter");
  await until("all of it", async () => (await height()) > 5_000);
  assert.equal(await buttons.count(), 0);
  assert.equal(await dana.page.evaluate(() => document.activeElement.className), "body unfolded");
});

test("Without a script a long comment is shown whole", async ({ stack, browser }) => {
  const invoice = await stack.newInvoice([`Begin${"\n".repeat(400)}End`]);
  const dana = await browser.person("dana", { javaScriptEnabled: false });
  await dana.page.goto(invoice.path);
  const height = await dana.comment("Begin").evaluate((item) => item.offsetHeight);
  assert.ok(height > 5_000, `it takes ${height} pixels`);
});

test("Marks piled upon marks stay within their own comment", async ({ stack, browser }) => {
  const invoice = await stack.newInvoice(["Above.", `Piled a${"\u0351".repeat(300)}`]);
  const dana = await browser.person("dana");
  await dana.open(invoice);
  const overflow = await dana
    .comment("Piled")
    .locator(".body")
    .evaluate((body) => getComputedStyle(body).overflowY);
  assert.notEqual(overflow, "visible");
});

test("Days are told apart in the reader's own zone, and nothing moves for it", async ({
  stack,
  browser,
}) => {
  const invoice = await stack.newInvoice(0);
  // At noon of a ninth, which is a tenth, a digit longer, in the zone that is the farthest ahead.
  const now = new Date();
  const minutesSinceNinth = (monthsAgo) =>
    Math.floor((now - Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - monthsAgo, 9, 12)) / 60_000);
  const [longAgo, aWhileAgo] = [minutesSinceNinth(3), minutesSinceNinth(2)];
  await stack.importComments(invoice.id, ["Long ago."], { minutesAgo: longAgo });
  await stack.importComments(invoice.id, ["A while ago."], { minutesAgo: aWhileAgo });
  const days = async (timezoneId) => {
    const dana = await browser.person("dana", { timezoneId });
    await dana.paintBeforeScript();
    await dana.open(invoice);
    assert.deepEqual(await dana.shifts(), [], "the layout shifted");
    const shown = dana.page.locator("#comments > li");
    return shown.evaluateAll((items) => items.map((item) => item.dataset.day));
  };
  const utc = await days("UTC");
  assert.equal(new Set(utc).size, 2);
  const dayOf = (minutesAgo, timeZone) => {
    const time = new Date(Date.now() - (minutesAgo + 1) * 60_000);
    const form = { day: "numeric", month: "long", year: "numeric", timeZone };
    return new Intl.DateTimeFormat("en-GB", form).format(time);
  };
  assert.deepEqual(utc, [dayOf(aWhileAgo, "UTC"), dayOf(longAgo, "UTC")]);
  for (const zone of ["Pacific/Kiritimati", "Pacific/Pago_Pago"]) {
    assert.deepEqual(await days(zone), [dayOf(aWhileAgo, zone), dayOf(longAgo, zone)]);
  }
});

test("A line says what is new since the last visit", async ({ stack, browser }) => {
  const invoice = await stack.newInvoice(3);
  const dana = await browser.person("dana");
  const openAndRead = async (how) => {
    const marked = dana.page.waitForResponse((answer) => answer.url().endsWith("/read"));
    await how();
    assert.equal((await marked).status(), 200);
  };
  await openAndRead(() => dana.open(invoice));
  assert.equal(await dana.page.locator("[data-seen]").count(), 0, "all is new to whoever is new");
  await dana.page.goto("/invoices");
  await stack.addComment(invoice, "priya", "Since then.");
  await stack.addComment(invoice, "alex", "And this.");
  await openAndRead(() => dana.open(invoice));
  const line = dana.page.locator("#comments > li[data-seen]");
  assert.equal(await line.getAttribute("data-sequence"), "3");
  await dana.come(() => dana.page.reload());
  assert.equal(await line.count(), 0, "by now all of it was seen");
});

test("The tab counts what comes while one looks elsewhere", async ({ stack, browser }) => {
  const invoice = await stack.newInvoice(60);
  const dana = await browser.person("dana");
  await dana.open(invoice);
  const plain = await dana.page.title();
  await dana.scrollUntil("further down", 500, () =>
    dana.page.evaluate(() => window.scrollY > 1500),
  );
  await stack.addComment(invoice, "priya", "One.");
  await stack.addComment(invoice, "priya", "Two.");
  await until("the count", async () => (await dana.page.title()) === `(2) ${plain}`);
  await dana.page.locator("#new-comments").click();
  await until("no count", async () => (await dana.page.title()) === plain);
});

test("Whoever writes is told the keys that post, and what room is left when it matters", async ({
  stack,
  browser,
}) => {
  const invoice = await stack.newInvoice(1);
  const dana = await browser.person("dana");
  await dana.open(invoice);
  const note = dana.page.locator("#comment-form .form-note");
  assert.equal(await note.count(), 0);
  await dana.page.keyboard.press("c");
  assert.match(await note.innerText(), /^Ctrl\+Enter posts it$/);
  const height = () => dana.body.evaluate((body) => body.offsetHeight);
  const before = await height();
  await dana.write(Array.from({ length: 12 }, (_, i) => `Line ${i}`).join("\n"));
  assert.ok((await height()) > before, "it grows with the text");
  await dana.write("😀".repeat(9_700));
  assert.equal(await note.innerText(), "300 characters left");
  await dana.write(`${"a".repeat(10_007)}`);
  assert.equal(await note.innerText(), "7 characters too many");
  await dana.send();
  assert.match(await dana.error(), /at most 10,000/);
  assert.equal((await dana.body.inputValue()).length, 10_007, "it is kept whole");
});

test("Who goes on speaking is named once to the eye, and to those who listen each time", async ({
  stack,
  browser,
}) => {
  const invoice = await stack.newInvoice(0);
  const people = [{ userId: "priya", displayName: "Priya" }];
  // A new day begins a new run: none of them may be from before midnight while another is not.
  const now = new Date();
  const minutesToday = now.getUTCHours() * 60 + now.getUTCMinutes();
  const minutesAgo = minutesToday >= 200 && minutesToday <= 220 ? 250 : 210;
  await stack.importComments(invoice.id, ["One.", "Two.", "Three."], { people, minutesAgo });
  const dana = await browser.person("dana");
  await dana.open(invoice);
  const names = dana.page.locator("#comments .author");
  assert.deepEqual(await names.allInnerTexts(), ["Priya", "Priya", "Priya"]);
  const seen = () =>
    names.evaluateAll((all) => all.map((name) => getComputedStyle(name).opacity === "1"));
  assert.deepEqual(await seen(), [true, false, false]);
});

test("The keys are listed under a question mark, and each does what it says", async ({
  stack,
  browser,
}) => {
  const invoice = await stack.newInvoice(60);
  const dana = await browser.person("dana");
  await dana.open(invoice);
  await dana.page.keyboard.press("?");
  const keys = dana.page.getByRole("dialog", { name: "Keyboard shortcuts" });
  await keys.waitFor();
  assert.deepEqual(await keys.locator("kbd").allInnerTexts(), ["c", "n", "Ctrl+Enter", "?", "Esc"]);
  await keys.getByRole("button", { name: "Close" }).click();
  await dana.page
    .locator("#comments > li")
    .nth(14)
    .evaluate((item) => item.scrollIntoView({ block: "center", behavior: "instant" }));
  await until("one is there", async () => (await dana.page.evaluate(() => scrollY)) > 1_000);
  await dana.page.keyboard.press("n");
  const newest = dana.page.locator('#comments > li[data-sequence="60"]');
  await until("one is at the newest", async () => (await newest.boundingBox()).y > 0);
});
