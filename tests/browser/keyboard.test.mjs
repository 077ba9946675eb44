// All that the mouse can do, the keyboard can do.
import assert from "node:assert/strict";
import { until } from "./support/await.mjs";
import { suite } from "./support/suite.mjs";

const test = suite();
const tabsMax = 60;

// What has the focus, and whether one can see that.
function focused({ page }) {
  return page.evaluate(() => {
    const element = document.activeElement;
    const style = getComputedStyle(element);
    const box = element.getBoundingClientRect();
    return {
      id: element.id,
      name: element.localName,
      text: element.textContent.trim(),
      ringed:
        (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0) ||
        style.boxShadow !== "none",
      inView: box.bottom > 0 && box.top < innerHeight && box.width > 0 && box.height > 0,
    };
  });
}

// Tab by tab until the focus is where `wanted` says; every stop on the way can be seen.
async function tabTo(person, wanted, key = "Tab") {
  for (let i = 0; i < tabsMax; i += 1) {
    await person.page.keyboard.press(key);
    const now = await focused(person);
    assert.ok(
      now.name === "body" || (now.ringed && now.inView),
      `the focus cannot be seen: ${JSON.stringify(now)}`,
    );
    if (wanted(now)) return now;
  }
  throw new Error(`not within ${tabsMax} tabs: ${wanted}`);
}

test("The first stop leads past the top of the page", async ({ stack, browser }) => {
  const invoice = await stack.newInvoice(2);
  const dana = await browser.person("dana");
  await dana.open(invoice);
  const first = await tabTo(dana, () => true);
  assert.match(first.text, /Skip to content/);
  await dana.page.keyboard.press("Enter");
  assert.match(dana.page.url(), /#main$/);
});

test("One signs in, finds the invoice, posts, and stays in the form", async ({
  stack,
  browser,
}) => {
  const invoice = await stack.newInvoice(2);
  const dana = await browser.person("");
  await dana.page.goto("/invoices");
  await tabTo(dana, ({ text }) => /Dana/.test(text));
  await dana.page.keyboard.press("Enter");
  await dana.page.waitForURL("**/invoices");
  await tabTo(dana, ({ text }) => text === invoice.number);
  const live = dana.page.waitForResponse(/\/events/);
  await dana.page.keyboard.press("Enter");
  await live;

  await tabTo(dana, ({ id }) => id === "comment-body");
  await dana.page.keyboard.type("Typed,\nline by line.");
  await dana.page.keyboard.press("Tab");
  assert.match((await focused(dana)).text, /Post comment/);
  await dana.page.keyboard.press("Enter");
  await until("it is confirmed", async () => {
    const [one] = await dana.comments();
    return one.body === "Typed,\nline by line." && !one.pending;
  });
  const { name } = await focused(dana);
  assert.ok(["button", "textarea"].includes(name), `the focus went to ${name}`);
  assert.equal(await dana.body.inputValue(), "");
});

test("An empty comment is refused in words", async ({ stack, browser }) => {
  const invoice = await stack.newInvoice(1);
  const dana = await browser.person("dana");
  dana.watch.expect(/400/);
  await dana.open(invoice);
  await dana.body.focus();
  await dana.page.keyboard.type("   ");
  await dana.page.keyboard.press("Tab");
  await dana.page.keyboard.press("Enter");
  await until("the error", () => dana.error());
  assert.match(await dana.error(), /blank|empty|write/i);
  assert.equal((await dana.comments()).length, 1);
  const alert = dana.page.locator("#comment-error");
  assert.equal(await alert.getAttribute("role"), "alert");
});

test("The sidebar opens, takes the focus, and gives it back", async ({ stack, browser }) => {
  const invoice = await stack.newInvoice(2);
  const dana = await browser.person("dana");
  await dana.open(invoice);
  await tabTo(dana, ({ id }) => id === "activity-toggle");
  await dana.page.keyboard.press("Enter");
  await dana.page.locator("#activity .activity-item").first().waitFor();
  assert.equal(await dana.page.locator("#activity-toggle").getAttribute("aria-expanded"), "true");
  await until("the focus is in the sidebar", () =>
    dana.page.evaluate(() => document.activeElement.closest("#activity") !== null),
  );
  assert.ok(dana.page.url().endsWith(invoice.path), "the page was left");
  await dana.page.keyboard.press("Escape");
  await until("the focus is back", async () => (await focused(dana)).id === "activity-toggle");
  assert.equal(await dana.page.locator("#activity").isVisible(), false);
  assert.equal(await dana.page.locator("#activity-toggle").getAttribute("aria-expanded"), "false");
});

test("Deep in a thread, Tab to the links of the bar moves nothing", async ({ stack, browser }) => {
  const invoice = await stack.newInvoice(60);
  const dana = await browser.person("dana");
  await dana.open(invoice);
  await dana.scrollUntil("a place far down", 700, () =>
    dana.page.evaluate(() => window.scrollY > 1_200),
  );
  const place = await dana.readingPlace();
  for (const link of await dana.page.locator(".top a").all()) {
    const reached = await link.evaluate((one) => {
      // As Tab does, which lets the browser bring into sight what has the focus.
      one.focus();
      return document.activeElement === one;
    });
    assert.ok(reached);
    await dana.page.evaluate(() => new Promise((done) => requestAnimationFrame(done)));
    assert.deepEqual(await dana.readingPlace(), place);
  }
  await dana.page.locator(".top a").first().focus();
  await dana.page.keyboard.press("Tab");
  await dana.page.keyboard.press("Tab");
  await dana.page.evaluate(() => new Promise((done) => requestAnimationFrame(done)));
  assert.ok(await dana.page.evaluate(() => document.activeElement.closest(".top") !== null));
  assert.deepEqual(await dana.readingPlace(), place);
});

test("Older comments are one key away, and the new ones as well", async ({ stack, browser }) => {
  const invoice = await stack.newInvoice(60);
  const dana = await browser.person("dana");
  await dana.open(invoice);
  const older = dana.page.locator("#older");
  await older.focus();
  await dana.page.keyboard.press("Enter");
  await until("an older page", async () => (await dana.comments()).length >= 40);
  assert.ok(!dana.page.url().includes("cursor="), "the page was left");

  await dana.page.keyboard.press("End");
  await until("the bottom", async () => (await dana.comments()).length === 60);
  await dana.page.keyboard.press("End");
  await stack.addComment(invoice, "priya", "Come and see.");
  await dana.page.locator("#new-comments").waitFor();
  await dana.page.locator("#new-comments").focus();
  await dana.page.keyboard.press("Enter");
  await until("the new comment is in view", () => isNewestInView(dana));
  const { name } = await focused(dana);
  assert.notEqual(name, "body", "the focus was lost with the pill");
});

// As it does after a key that leads far: its last steps may come when the script has been there already.
test("A browser that is still on its way does not lead away from the newest comment", async ({
  stack,
  browser,
}) => {
  const invoice = await stack.newInvoice(60);
  const dana = await browser.person("dana");
  await dana.open(invoice);
  await dana.scrollUntil("a place far down", 700, () =>
    dana.page.evaluate(() => window.scrollY > 1_200),
  );
  await dana.page.evaluate(() => {
    const { scrollIntoView } = Element.prototype;
    // A machine that stands still must not be taken for a browser that has arrived.
    const { setTimeout } = window;
    window.setTimeout = (act, ms = 0) => setTimeout(act, ms < 500 || window.wentOn ? ms : 60_000);
    const goOn = () => {
      window.scrollBy({ top: 477, behavior: "instant" });
      window.addEventListener(
        "scroll",
        () => setTimeout(() => Object.assign(window, { wentOn: true })),
        {
          once: true,
        },
      );
    };
    Element.prototype.scrollIntoView = function (...options) {
      Element.prototype.scrollIntoView = scrollIntoView;
      // Behind the frame that shows where the script has gone.
      window.addEventListener("scroll", () => setTimeout(goOn), { once: true });
      scrollIntoView.apply(this, options);
    };
  });
  await dana.page.keyboard.press("n");
  await until("the browser went on", () => dana.page.evaluate(() => window.wentOn));
  await until("the newest comment is in view", () => isNewestInView(dana));
  // Whatever grows from then on grows below what one looks at.
  const newest = dana.page.locator("#comments > li").first();
  await newest.locator(".body").click();
  await newest.evaluate((item) => Object.assign(item.style, { paddingBottom: "400px" }));
  await dana.page.evaluate(() => window.marginaliaRecord.twoFrames());
  assert.ok((await newest.boundingBox()).y > 0, "it was scrolled away from");

  await dana.page.keyboard.press("n");
  await dana.page.keyboard.press("End");
  await until("the reader went on", async () => !(await isNewestInView(dana)));
});

function isNewestInView(person) {
  return person.page.evaluate(() => {
    const box = document.querySelector("#comments > li").getBoundingClientRect();
    return box.top >= 0 && box.bottom <= innerHeight;
  });
}
