// The list of invoices: looked through by words, status and keys, and following what happens.
import assert from "node:assert/strict";
import { until } from "./support/await.mjs";
import { suite } from "./support/suite.mjs";

const test = suite();
const due = { overdue: "2020-01-31", later: "2096-01-31" };

function numbersOf(one) {
  return one.page.locator(".invoices tbody th a").allInnerTexts();
}

async function threeInvoices(stack) {
  const acme = await stack.newInvoice(1, { customer: { name: "Acme Corp" }, dueDate: due.overdue });
  const globex = await stack.newInvoice(0, { customer: { name: "Globex" }, dueDate: due.overdue });
  const umbrella = await stack.newInvoice(0, {
    customer: { name: "\u00dcmbrella Acme" },
    dueDate: due.later,
  });
  for (const invoice of [acme, umbrella]) await stack.send(invoice);
  return { acme, globex, umbrella };
}

for (const javaScriptEnabled of [true, false]) {
  const how = javaScriptEnabled ? "with" : "without";
  test(`It is searched and filtered by links and a form, ${how} a script`, async ({
    stack,
    browser,
  }) => {
    const { acme, globex, umbrella } = await threeInvoices(stack);
    const dana = await browser.person("dana", { javaScriptEnabled });
    const { page } = dana;
    const search = page.getByRole("searchbox", { name: "Number or customer" });
    await search.fill("acme");
    await search.press("Enter");
    await page.waitForURL("**/invoices?search=acme");
    const found = await numbersOf(dana);
    assert.ok(found.includes(acme.number) && found.includes(umbrella.number), found);
    assert.ok(!found.includes(globex.number));
    await page.getByRole("link", { name: "Overdue" }).click();
    await page.waitForURL("**/invoices?search=acme&overdue=true");
    assert.ok(!(await numbersOf(dana)).includes(umbrella.number));
    assert.equal(await search.inputValue(), "acme");
    await search.fill(`\u00fcmb ${umbrella.number}`);
    await page.getByRole("button", { name: "Search" }).click();
    await page.waitForURL("**overdue=true");
    assert.deepEqual(await numbersOf(dana), []);
    await page.getByText("No invoice was found.").waitFor();
    await page.getByRole("link", { name: "All", exact: true }).click();
    await page.waitForURL((url) => !url.search.includes("overdue"));
    assert.deepEqual(await numbersOf(dana), [umbrella.number]);
    await search.fill("?!");
    await search.press("Enter");
    await page.getByText("What is searched for must have a letter or a digit.").waitFor();
  });
}

for (const javaScriptEnabled of [true, false]) {
  const how = javaScriptEnabled ? "with" : "without";
  test(`What is unread is found by a link, ${how} a script`, async ({ stack, browser }) => {
    const [mine, theirs] = [await stack.newInvoice(0), await stack.newInvoice(0)];
    const reader = await browser.person("sam");
    const { page } = reader;
    await stack.addComment(theirs, "priya", "Read this.");
    const person = await browser.person("sam", { javaScriptEnabled });
    await until("it is unread", async () => {
      await person.page.goto("/invoices?unread=true&order=activity");
      return (await numbersOf(person)).includes(theirs.number);
    });
    assert.ok(!(await numbersOf(person)).includes(mine.number));
    await person.page.goto("/invoices?order=activity");
    assert.ok((await numbersOf(person)).includes(mine.number));
    await person.page.getByRole("link", { name: "Unread", exact: true }).click();
    await person.page.waitForURL(/unread=true/);
    assert.ok(!(await numbersOf(person)).includes(mine.number));
    // Once it is read, it is gone from there.
    const marked = page.waitForResponse((answer) => answer.url().endsWith("/read"));
    await reader.open(theirs);
    await marked;
    await person.page.reload();
    assert.ok(!(await numbersOf(person)).includes(theirs.number));
  });
}

test("Its rows follow what happens, and nothing moves", async ({ stack, browser }) => {
  const { acme, globex } = await threeInvoices(stack);
  const dana = await browser.person("dana");
  await dana.takeClock();
  await dana.page.goto("/invoices");
  const before = await numbersOf(dana);
  const row = (invoice) => dana.page.locator("tr").filter({ hasText: invoice.number });
  assert.match(await row(globex).innerText(), /No comments/);
  await row(globex).getByRole("link").focus();
  await stack.addComment(globex, "priya", "New here.");
  await stack.pay(acme);
  await dana.passTimeUntil("the row counts", async () =>
    /1 comment\b[\s\S]*Priya/.test(await row(globex).innerText()),
  );
  assert.match(await row(acme).innerText(), /Paid/);
  assert.deepEqual(await numbersOf(dana), before);
  assert.equal(
    await dana.page.evaluate(() => document.activeElement.textContent),
    globex.number,
    "the focus stays",
  );
});

test("Keys lead along it", async ({ stack, browser }) => {
  await threeInvoices(stack);
  const { page } = await browser.person("dana");
  const [first, second] = await page.locator(".invoices tbody th a").allInnerTexts();
  const focused = () => page.evaluate(() => document.activeElement.textContent);
  await page.keyboard.press("j");
  assert.equal(await focused(), first);
  await page.keyboard.press("j");
  assert.equal(await focused(), second);
  await page.keyboard.press("k");
  assert.equal(await focused(), first);
  await page.keyboard.press("/");
  assert.equal(await page.evaluate(() => document.activeElement.id), "search");
  await page.keyboard.type("j/k");
  assert.equal(await page.locator("#search").inputValue(), "j/k");
  await page.locator("#search").blur();
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
  await page.keyboard.press("Escape");
  await until("it is closed", async () => (await page.getByRole("dialog").count()) === 0);
});
