// Hundreds of comments, back and forth: what is requested, and how much is kept.
import assert from "node:assert/strict";
import { until } from "./support/await.mjs";
import { assertCountsAgree, assertWithoutGap } from "./support/invoice_page.mjs";
import { suite } from "./support/suite.mjs";

const test = suite();
const pageSize = 20;
const pagesMax = 10;
const lists = /^GET \/api\/invoices\/[^/]+\/comments/;

// All sequences that were ever shown.
function seen(states) {
  return new Set(states.flatMap(({ items }) => items.map((item) => item.sequence)));
}

// Until no request for a page is under way.
async function atRest(person) {
  await person.page.waitForLoadState("networkidle");
}

test("Up to ten pages are kept: scrolling back over them costs no request", async ({
  stack,
  browser,
}) => {
  const invoice = await stack.newInvoice(pagesMax * pageSize);
  const dana = await browser.person("dana");
  await dana.open(invoice);
  await dana.scrollToOldest();
  assert.equal((await dana.comments()).length, pagesMax * pageSize);
  assert.equal(
    dana.requests(lists).length,
    pagesMax - 1,
    "one request for each page but the first",
  );

  await dana.scrollToNewest();
  await dana.scrollToOldest();
  await dana.scrollToNewest();
  assert.equal(
    dana.requests(lists).length,
    pagesMax - 1,
    "a page that was kept was requested again",
  );
  assertWithoutGap(await dana.states());
  assertCountsAgree(await dana.states());
});

test("Beyond ten pages the farthest are dropped, and come back when scrolled to", async ({
  stack,
  browser,
}) => {
  const pages = 22;
  const total = pages * pageSize;
  const invoice = await stack.newInvoice(total);
  const dana = await browser.person("dana");
  await dana.open(invoice);

  await dana.scrollToOldest();
  const down = dana.requests(lists).length;
  assert.equal(down, pages - 1, "one request for each page but the first");
  assert.equal((await dana.comments()).at(-1).sequence, 1);
  await browser.takePictures("At the oldest comment");

  await dana.scrollToNewest();
  assert.equal((await dana.comments())[0].sequence, total);
  assert.equal(
    dana.requests(lists).length - down,
    pages - pagesMax,
    "one request for each dropped page",
  );

  const states = await dana.states();
  assertWithoutGap(states);
  assertCountsAgree(states);
  assert.equal(seen(states).size, total, "a comment was never shown");
  const most = Math.max(...states.map(({ items }) => items.length));
  assert.ok(most <= pagesMax * pageSize, `${most} comments were kept at once`);
});

test("What one reads stays in place while pages come and go", async ({ stack, browser }) => {
  const invoice = await stack.newInvoice(15 * pageSize);
  const dana = await browser.person("dana");
  await dana.open(invoice);
  await dana.scrollToOldest();
  await atRest(dana);

  // Upwards, page after page is put in front of what one reads.
  await dana.page.mouse.move(900, 500);
  const requested = dana.requests(lists).length;
  await dana.scrollUntil("a page that had been dropped", -300, async () => {
    const before = await placeOfRead(dana);
    await dana.page.evaluate(
      () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))),
    );
    const jumped = Math.abs((await topOf(dana, before.id)) - before.top);
    assert.ok(jumped <= 300, `what one reads jumped by ${jumped} pixels`);
    return dana.requests(lists).length > requested;
  });
  await atRest(dana);
  assertWithoutGap(await dana.states());
});

function placeOfRead(person) {
  return person.page.evaluate(() => {
    const read = document.elementFromPoint(900, 450)?.closest("#comments > li");
    return { id: read?.id, top: read?.getBoundingClientRect().top };
  });
}

function topOf(person, id) {
  return person.page.evaluate(
    (wanted) => document.getElementById(wanted)?.getBoundingClientRect().top,
    id,
  );
}

test("Others may post meanwhile: nothing is skipped, nothing comes twice", async ({
  stack,
  browser,
}) => {
  const total = 8 * pageSize;
  const invoice = await stack.newInvoice(total);
  const dana = await browser.person("dana");
  await dana.open(invoice);
  let posted = 0;
  await dana.scrollUntil("the oldest comment", 800, async () => {
    if (posted < 5) {
      posted += 1;
      await stack.addComment(invoice, "priya", `Meanwhile ${posted}.`);
    }
    return dana.page.evaluate(
      () => document.querySelector('#comments > li[data-sequence="1"]') !== null,
    );
  });
  await dana.scrollToNewest();
  await dana.comment("Meanwhile 5.").waitFor();
  assert.equal((await dana.comments()).length, total + 5);
  assertWithoutGap(await dana.states());
  assertCountsAgree(await dana.states());
});

test("A poll of an unchanged thread is one 304, however many pages are loaded", async ({
  stack,
  browser,
}) => {
  const invoice = await stack.newInvoice(6 * pageSize);
  const dana = await browser.person("dana");
  dana.watch.expect(/ERR_|events/);
  await dana.takeClock();
  await dana.open(invoice);
  await dana.scrollToOldest();
  const loaded = dana.requests(lists).length;
  assert.equal(loaded, 5);
  const polls = [];
  dana.page.on("response", (answer) => {
    if (lists.test(`GET ${new URL(answer.url()).pathname}`)) polls.push(answer);
  });
  const cut = stack.front.refuse(/\/events\b/);
  await dana.passTimeUntil("three polls", () => polls.length >= 3);
  cut.end();
  for (const poll of polls) {
    assert.equal(poll.status(), 304, poll.url());
    assert.ok(!new URL(poll.url()).searchParams.get("cursor"), "an older page was polled");
  }
  assert.equal((await dana.comments()).length, 6 * pageSize);
});

test("A page that fails to come can be asked for again", async ({ stack, browser }) => {
  const invoice = await stack.newInvoice(3 * pageSize);
  const dana = await browser.person("dana");
  dana.watch.expect(/503/);
  await dana.open(invoice);
  await dana.page.route("**/api/invoices/*/comments?*", (route) =>
    route.fulfill({
      status: 503,
      contentType: "application/problem+json",
      body: '{"title":"Unavailable","status":503}',
    }),
  );
  await dana.scrollUntil("a request that failed", 800, () => dana.requests(lists).length > 0);
  await dana.page.locator("#older").filter({ hasText: "could not be loaded" }).waitFor();
  await dana.page.unroute("**/api/invoices/*/comments?*");
  await until("the pages that were missing", async () => {
    const older = dana.page.locator("#older");
    if ((await older.count()) > 0) await older.click({ timeout: 1_000 }).catch(() => {});
    return (await dana.comments()).length === 3 * pageSize;
  });
  assertWithoutGap(await dana.states());
});
