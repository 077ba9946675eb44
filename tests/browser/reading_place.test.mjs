// Where one was reading: reload and Back lead there again, however deep in the thread.
import assert from "node:assert/strict";
import { until } from "./support/await.mjs";
import { suite } from "./support/suite.mjs";

const test = suite();
// What rounding may move.
const pixelsMax = 2;

async function scrollDeep(person) {
  await person.scrollUntil("a comment far down", 900, () =>
    person.page.evaluate(
      () => document.querySelector('#comments > li[data-sequence="60"]') !== null,
    ),
  );
  await person.page.evaluate(() => {
    document.querySelector('#comments > li[data-sequence="75"]').scrollIntoView({
      block: "center",
      behavior: "instant",
    });
  });
  return atRest(person);
}

// Pages that come into view have arrived, and the place is noted.
async function atRest(person) {
  return until("a page at rest", async () => {
    const before = await person.readingPlace();
    await person.page.evaluate(
      () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))),
    );
    const noted = await person.page.evaluate(() => history.state?.place);
    const after = await person.readingPlace();
    const isNoted = noted?.itemId === after.id && Math.abs(noted.top - after.top) <= pixelsMax;
    return isNoted && after.id === before.id && after.top === before.top && after;
  });
}

async function assertAt(person, place) {
  await until(`the place ${JSON.stringify(place)}`, async () => {
    const now = await person.readingPlace();
    return now.id === place.id && Math.abs(now.top - place.top) <= pixelsMax;
  });
}

test("A reload deep in a thread leads to where one was", async ({ stack, browser }) => {
  const invoice = await stack.newInvoice(120);
  const dana = await browser.person("dana");
  await dana.open(invoice);
  const place = await scrollDeep(dana);
  await dana.come(() => dana.page.reload());
  await assertAt(dana, place);
  // It stays so when others post, and the newest are a step away.
  await stack.addComment(invoice, "priya", "Posted meanwhile.");
  await dana.page.locator("#new-comments").waitFor();
  await assertAt(dana, place);
  await dana.page.locator("#new-comments").click();
  await dana.comment("Posted meanwhile.").waitFor();
});

test("Back from the list of invoices leads to where one was", async ({ stack, browser }) => {
  const invoice = await stack.newInvoice(120);
  const dana = await browser.person("dana");
  await dana.open(invoice);
  const place = await scrollDeep(dana);
  await dana.page.locator(".top nav a").first().click();
  await dana.page.waitForURL("**/invoices");
  await dana.come(() => dana.page.goBack());
  await assertAt(dana, place);
});

test("A reload at the beginning stays at the beginning", async ({ stack, browser }) => {
  const invoice = await stack.newInvoice(30);
  const dana = await browser.person("dana");
  await dana.open(invoice);
  await dana.come(() => dana.page.reload());
  assert.equal(await dana.page.evaluate(() => window.scrollY), 0);
  assert.equal((await dana.comments())[0].sequence, 30);
});

test("Opened in the middle, it stays where it was opened", async ({ stack, browser }) => {
  const invoice = await stack.newInvoice(90);
  const dana = await browser.person("dana");
  const first = await stack.pageOf(invoice);
  await dana.open(invoice, `?cursor=${encodeURIComponent(first.nextCursor)}`);
  const wanted = first.comments.at(-1).sequence - 1;
  const newest = dana.page.locator(`#comments > li[data-sequence="${wanted}"]`);
  await newest.waitFor();
  const place = await dana.readingPlace();
  // A comment that arrives tells that the script had its time.
  await stack.addComment(invoice, "priya", "Posted meanwhile.");
  await until("it is heard of", async () => (await dana.counts())[0] === "91 comments");
  await assertAt(dana, place);
  assert.equal((await dana.comments())[0].sequence, wanted);
  assert.equal(await dana.comment("Posted meanwhile.").count(), 0);
});

test("Whatever grows above what one reads, it keeps its place", async ({ stack, browser }) => {
  const invoice = await stack.newInvoice(60);
  const phone = { viewport: { width: 360, height: 740 } };
  const dana = await browser.person("dana", phone);
  await dana.open(invoice);
  await dana.page
    .locator("#comments > li")
    .nth(12)
    .evaluate((item) => item.scrollIntoView({ block: "center", behavior: "instant" }));
  const place = await atRest(dana);
  for (const pixels of [400, 0]) {
    await dana.page.locator("#summary").evaluate((summary, height) => {
      summary.style.paddingBottom = `${height}px`;
    }, pixels);
    await assertAt(dana, place);
  }
  await dana.page.setViewportSize({ width: 740, height: 600 });
  await until("the same comment is read", async () => (await dana.readingPlace()).id === place.id);
});
