// On a phone: what is under a finger, what takes the little room there is, and how one gets to where
// one writes.
import assert from "node:assert/strict";
import { until } from "./support/await.mjs";
import { suite } from "./support/suite.mjs";

const test = suite();
const phone = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };
const summaryOf = ({ page }) => page.locator(".filters > summary");

for (const javaScriptEnabled of [true, false]) {
  const how = javaScriptEnabled ? "with" : "without";
  test(`The choices of the list are one line that says what is chosen, ${how} a script`, async ({
    stack,
    browser,
  }) => {
    await stack.newInvoice(0);
    const dana = await browser.person("dana", { ...phone, javaScriptEnabled });
    const { page } = dana;
    const overdue = page.getByRole("link", { name: "Overdue", exact: true });
    assert.equal(await summaryOf(dana).innerText(), "Filter and order");
    assert.equal(await overdue.isVisible(), false);
    const { height } = await page.locator(".filters").boundingBox();
    assert.ok(height <= 48, `they take ${height} pixels`);

    // By keyboard alone.
    await page.getByRole("button", { name: "Search" }).focus();
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await overdue.waitFor();
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.waitForURL("**/invoices?overdue=true");
    assert.equal(await summaryOf(dana).innerText(), "Filter and order: Overdue");
    assert.equal(await overdue.isVisible(), false, "what was found is what one sees then");

    await dana.paintBeforeScript();
    await page.goto("/invoices?threadState=open&unread=true&order=activity");
    assert.equal(
      await summaryOf(dana).innerText(),
      "Filter and order: Open threads, Unread, Newest activity",
    );
    if (javaScriptEnabled) {
      assert.deepEqual(await dana.shifts(), []);
    }
  });
}

test("Where there is room the choices stand there without being asked for", async ({ browser }) => {
  const dana = await browser.person("dana");
  assert.equal(await summaryOf(dana).isVisible(), false);
  await dana.page.getByRole("link", { name: "Overdue", exact: true }).click();
  await dana.page.waitForURL("**/invoices?overdue=true");
});

// What can be pressed, and is lower than `least` pixels to whoever presses there, whatever it looks
// like.
function tooSmall({ page }, least, within = "main, .top") {
  return page.evaluate(
    ([least, within]) => {
      const found = [];
      for (const root of document.querySelectorAll(within)) {
        for (const one of root.querySelectorAll("a, button, summary, input, textarea")) {
          if (one.type === "hidden" || !one.checkVisibility({ opacityProperty: true })) continue;
          // A link within a text is as high as its line.
          if (one.closest(".body, .tombstone")) continue;
          one.scrollIntoView({ block: "center", behavior: "instant" });
          const box = one.getBoundingClientRect();
          const x = box.left + box.width / 2;
          const middle = box.top + box.height / 2;
          const isHit = (y) => one.contains(document.elementFromPoint(x, y));
          let height = 1;
          for (let y = middle; height < least && isHit(y - 1); y -= 1) height += 1;
          for (let y = middle; height < least && isHit(y + 1); y += 1) height += 1;
          if (height < least) {
            found.push(`${one.localName} "${one.textContent.trim() || one.id}" of ${height} px`);
          }
        }
      }
      return found;
    },
    [least, within],
  );
}

test("Whatever one presses is large enough for a finger", async ({ stack, browser }) => {
  const invoice = await stack.newInvoice(["First.", "Second.", "Third."]);
  const dana = await browser.person("dana", phone);
  await dana.open(invoice);
  await dana.postConfirmed("My own.");
  assert.deepEqual(await tooSmall(dana, 40), [], "the invoice");
  await dana.page.locator("#activity-toggle").click();
  await dana.page.locator(".activity-item").first().waitFor();
  assert.deepEqual(await tooSmall(dana, 40, "#activity"), [], "the sidebar");
  await dana.page.goto("/invoices");
  await summaryOf(dana).click();
  assert.deepEqual(await tooSmall(dana, 40), [], "the list");
  await dana.page.goto("/invoices/INV-9999");
  dana.watch.expect(/404/);
  assert.deepEqual(await tooSmall(dana, 40), [], "the page that is not there");
  await dana.page.goto("/sign-in");
  assert.deepEqual(await tooSmall(dana, 40), [], "sign-in");
});

for (const javaScriptEnabled of [true, false]) {
  const how = javaScriptEnabled ? "with" : "without";
  test(`From deep in a thread one tap leads to where one writes, ${how} a script`, async ({
    stack,
    browser,
  }) => {
    const invoice = await stack.newInvoice(60);
    const dana = await browser.person("dana", { ...phone, javaScriptEnabled });
    const { page } = dana;
    await page.goto(invoice.path);
    await page.locator("#comments > .comment").nth(15).scrollIntoViewIfNeeded();
    await until("one is there", () => page.evaluate(() => window.scrollY > 1_500));
    await page.getByRole("link", { name: "Write" }).tap();
    await until("one is at the form", async () => {
      const label = await page.locator("#comment-form label").boundingBox();
      const bar = await page.locator(".top").boundingBox();
      const text = await dana.body.boundingBox();
      return label.y >= bar.y + bar.height && text.y + text.height <= phone.viewport.height;
    });
    if (javaScriptEnabled) {
      assert.equal(await page.evaluate(() => document.activeElement.id), "comment-body");
    }
  });
}

test("Whoever may not write is led to no form", async ({ stack, browser }) => {
  const invoice = await stack.newInvoice(1);
  const sam = await browser.person("sam", phone);
  await sam.open(invoice);
  assert.equal(await sam.page.getByRole("link", { name: "Write" }).count(), 0);
});
