// The time of a comment is a link to it.
import assert from "node:assert/strict";
import { until } from "./support/await.mjs";
import { suite } from "./support/suite.mjs";

const test = suite();

async function inSight(person, id) {
  await until("the comment is marked, and in sight", () =>
    person.page.evaluate((itemId) => {
      const item = document.getElementById(itemId);
      if (!item?.classList.contains("marked")) return false;
      const { top, bottom } = item.getBoundingClientRect();
      return (
        top >= document.querySelector(".top").getBoundingClientRect().bottom &&
        bottom <= innerHeight
      );
    }, `comment-${id}`),
  );
}

test("A link to an old comment opens at it, marks it, and survives sign-in", async ({
  stack,
  browser,
}) => {
  const invoice = await stack.newInvoice(90);
  const [old] = (await stack.thread(invoice)).filter(({ sequence }) => sequence === 12);
  const dana = await browser.person("dana");
  await dana.open(invoice, `?comment=${old.commentId}`);
  await inSight(dana, old.commentId);

  const guest = await browser.person(undefined);
  await guest.page.goto(`${invoice.path}?comment=${old.commentId}`);
  await guest.page.locator('button[name=person][value="priya@northlight"]').click();
  await inSight(guest, old.commentId);
});

// As it does to what has the focus: its last step may come when the script has been there already.
test("A browser that goes on scrolling by itself does not lead away from it", async ({
  stack,
  browser,
}) => {
  const invoice = await stack.newInvoice(90);
  const [old] = (await stack.thread(invoice)).filter(({ sequence }) => sequence === 12);
  const dana = await browser.person("dana");
  await dana.page.addInitScript(() => {
    const scrollBy = window.scrollBy.bind(window);
    const goOn = () => {
      scrollBy({ top: 29, behavior: "instant" });
      window.wentOn = true;
    };
    window.scrollBy = (options) => {
      window.scrollBy = scrollBy;
      // Behind the frame that shows where the script has gone.
      window.addEventListener("scroll", () => setTimeout(goOn), { once: true });
      scrollBy(options);
    };
  });
  await dana.open(invoice, `?comment=${old.commentId}`);
  await until("the browser went on", () => dana.page.evaluate(() => window.wentOn));
  await inSight(dana, old.commentId);
});

test("Who writes from a link is at the newest comments, also after a reload", async ({
  stack,
  browser,
}) => {
  const invoice = await stack.newInvoice(90);
  const [old] = (await stack.thread(invoice)).filter(({ sequence }) => sequence === 12);
  const dana = await browser.person("dana");
  await dana.open(invoice, `?comment=${old.commentId}`);
  await inSight(dana, old.commentId);
  await dana.postConfirmed("Answered from down here.");
  const first = dana.page.locator("#comments > li").first();
  assert.match(await first.innerText(), /Answered from down here/);
  await until("the address leads nowhere else", () => !dana.page.url().includes("comment="));
  await dana.page.reload();
  await until("it is there again", async () =>
    /Answered from down here/.test(await first.innerText()),
  );
});

test("The time of a comment is that link, by keyboard, and moves nothing", async ({
  stack,
  browser,
}) => {
  const invoice = await stack.newInvoice(3);
  const dana = await browser.person("dana");
  await dana.open(invoice);
  const [, second] = await dana.comments();
  const link = dana.page.locator(`#comment-${second.id} .permalink`);
  await link.focus();
  await dana.page.keyboard.press("Enter");
  await dana.page.locator(`#comment-${second.id}.marked`).waitFor();
  assert.equal(new URL(dana.page.url()).searchParams.get("comment"), second.id);
  assert.equal(await dana.page.evaluate(() => window.scrollY), 0);
  // What it leads to is to be read without a pointer as well.
  const exact = await link.evaluate((one) => getComputedStyle(one, "::after").content);
  assert.match(exact, /\d{4}, \d\d:\d\d:\d\d UTC/);
});

test("When exactly it was is told in the reader's own zone", async ({ stack, browser }) => {
  const invoice = await stack.newInvoice(1);
  const dana = await browser.person("dana", { timezoneId: "Asia/Kolkata" });
  await dana.open(invoice);
  const [{ createTime }] = (await stack.pageOf(invoice)).comments;
  const form = { timeStyle: "medium", timeZone: "Asia/Kolkata" };
  const clock = new Intl.DateTimeFormat("en-GB", form).format(new Date(createTime));
  const link = dana.page.locator("#comments .permalink");
  await link.hover();
  const exact = await link.evaluate((one) => getComputedStyle(one, "::after").content);
  assert.ok(exact.includes(`${clock} GMT+5:30`), exact);
});

test("An invoice has one address, its number, and what leads elsewhere leads there", async ({
  stack,
  browser,
}) => {
  const invoice = await stack.newInvoice(3);
  const [, second] = (await stack.pageOf(invoice)).comments;
  const dana = await browser.person("dana");
  await dana.open({ path: `/invoices/${invoice.id}` }, `?comment=${second.commentId}`);
  const url = new URL(dana.page.url());
  assert.equal(url.pathname + url.search, `${invoice.path}?comment=${second.commentId}`);
  await inSight(dana, second.commentId);
});
