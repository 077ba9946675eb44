// The sidebar over all invoices: opened and closed at will, from the cache where it can be.
import assert from "node:assert/strict";
import { until } from "./support/await.mjs";
import { suite } from "./support/suite.mjs";

const test = suite();
const lists = /^GET \/api\/activity/;

async function toggle(person) {
  await person.page.locator("#activity-toggle").click();
}

test("It shows what was said anywhere in the tenant, and leads there", async ({
  stack,
  browser,
}) => {
  const here = await stack.newInvoice(["Said here."]);
  const there = await stack.newInvoice(["Said there."]);
  const dana = await browser.person("dana");
  await dana.open(here);
  await toggle(dana);
  await dana.page.locator("#activity").getByText("Said there.").waitFor();
  await dana.page.locator("#activity").getByText("Said here.").waitFor();
  await browser.takePictures("The sidebar");

  await dana.page.locator("#activity .activity-item a", { hasText: "Said there." }).click();
  await dana.page.waitForURL(/[?]comment=/);
  assert.match(dana.page.url(), new RegExp(there.number));
  await dana.comment("Said there.").waitFor();
});

test("It says on which invoice of whom, and while it is open follows what is said elsewhere", async ({
  stack,
  browser,
}) => {
  const here = await stack.newInvoice(["Said before."]);
  const customer = { name: "Bluebird & Sons", email: "pay@bluebird.example" };
  const there = await stack.newInvoice(0, { customer });
  const dana = await browser.person("dana");
  await dana.open(here);
  await toggle(dana);
  const item = (text) => dana.page.locator("#activity .activity-item", { hasText: text });
  await item("Said before.").waitFor();
  const comment = await stack.addComment(there, "priya", "Said just now.");
  await item("Said just now.").waitFor();
  const link = item("Said just now.").locator("a");
  assert.match(await link.innerText(), new RegExp(`${there.number} · Bluebird & Sons`));
  assert.equal(
    await link.getAttribute("href"),
    `/invoices/${there.number}?comment=${comment.commentId}`,
  );
});

test("Opened without a script, it says the same and follows all the same with one", async ({
  stack,
  browser,
}) => {
  const invoice = await stack.newInvoice(0);
  await stack.addComment(invoice, "priya", "Whose line is this?");
  const dana = await browser.person("dana");
  await dana.page.goto("/invoices?activity=open");
  const item = (text) => dana.page.locator("#activity .activity-item", { hasText: text });
  assert.match(await item("Whose line").innerText(), new RegExp(`${invoice.number} · Acme Corp`));
  await stack.addComment(invoice, "priya", "And this?");
  await item("And this?").waitFor();
});

test("Opened again within half a minute it costs no request", async ({ stack, browser }) => {
  const invoice = await stack.newInvoice(2);
  const dana = await browser.person("dana");
  await dana.open(invoice);
  assert.equal(dana.requests(lists).length, 0, "it was requested before anybody wanted it");
  for (let i = 0; i < 3; i += 1) {
    await toggle(dana);
    await dana.page.locator("#activity .activity-item").first().waitFor();
    await toggle(dana);
    await until("it is closed", async () => !(await dana.page.locator("#activity").isVisible()));
  }
  assert.equal(dana.requests(lists).length, 1);
});

test("One's own comment is in it after posting", async ({ stack, browser }) => {
  const invoice = await stack.newInvoice(1);
  const dana = await browser.person("dana");
  await dana.open(invoice);
  await toggle(dana);
  await dana.page.locator("#activity .activity-item").first().waitFor();
  await dana.postConfirmed("Mine is the latest.");
  await dana.page.locator("#activity").getByText("Mine is the latest.").waitFor();
});

test("When it cannot be had, it says so and can be tried again", async ({ stack, browser }) => {
  const invoice = await stack.newInvoice(1);
  const dana = await browser.person("dana");
  dana.watch.expect(/503/);
  await dana.open(invoice);
  await dana.page.route("**/api/activity*", (route) => route.fulfill({ status: 503, body: "{}" }));
  await toggle(dana);
  await until("a word about it", async () =>
    /could not|cannot|unavailable|try/i.test(await dana.page.locator("#activity").innerText()),
  );
  await dana.page.unroute("**/api/activity*");
  await toggle(dana);
  await toggle(dana);
  await dana.page.locator("#activity .activity-item").first().waitFor();
});

test("Opening and closing it keeps the place that one reads", async ({ stack, browser }) => {
  const invoice = await stack.newInvoice(120);
  const dana = await browser.person("dana");
  await dana.open(invoice);
  await dana.scrollUntil("a place far down", 700, () =>
    dana.page.evaluate(() => window.scrollY > 1_500),
  );
  const place = await dana.readingPlace();
  for (const isOpen of [true, false]) {
    await toggle(dana);
    await until(`it is ${isOpen ? "open" : "closed"}`, async () => {
      return (await dana.page.locator("#activity").isVisible()) === isOpen;
    });
    if (isOpen) await dana.page.locator("#activity .activity-item").first().waitFor();
    await until("the place is the same", async () => {
      const now = await dana.readingPlace();
      return now.id === place.id && Math.abs(now.top - place.top) <= 1;
    });
  }
});

test("On a phone it closes when what it shows is followed, also to the page that one is on", async ({
  stack,
  browser,
}) => {
  const invoice = await stack.newInvoice(["Said here."]);
  const there = await stack.newInvoice(["Said there."]);
  const dana = await browser.person("dana", {
    viewport: { width: 360, height: 740 },
    hasTouch: true,
    isMobile: true,
  });
  await dana.open(invoice);
  for (const text of ["Said here.", "Said there."]) {
    await dana.page.locator("#activity-toggle").tap();
    await dana.page.locator("#activity .activity-item a", { hasText: text }).tap();
    await dana.comment(text).waitFor();
    await until("it is closed", async () => !(await dana.page.locator("#activity").isVisible()));
    assert.ok(await dana.comment(text).isVisible());
  }
  assert.match(dana.page.url(), new RegExp(there.number));
});

test("A browser that believes to be offline asks the network all the same", async ({
  stack,
  browser,
}) => {
  const invoice = await stack.newInvoice(45);
  const dana = await browser.person("dana");
  await dana.page.addInitScript(() => {
    Object.defineProperty(Navigator.prototype, "onLine", { get: () => false });
  });
  await dana.open(invoice);
  await dana.page.evaluate(() => window.dispatchEvent(new Event("offline")));
  await toggle(dana);
  await dana.page.locator("#activity .activity-item").first().waitFor();
  await toggle(dana);
  await dana.scrollToOldest();
  assert.equal((await dana.comments()).length, 45);
  await dana.postConfirmed("Written offline, as the browser thinks.");
});
