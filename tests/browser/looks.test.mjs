// How the page looks where it is read in another way: right to left, in forced colours, enlarged, on
// paper.
import assert from "node:assert/strict";
import { suite } from "./support/suite.mjs";

const test = suite();
const barPartMax = 0.25;

test("Each line has the direction of its own first letter", async ({ stack, browser }) => {
  const invoice = await stack.newInvoice(["Left to right.\nשלום עולם\nAnd left again."]);
  const dana = await browser.person("dana");
  for (const script of [true, false]) {
    const one = script ? dana : await browser.person("dana", { javaScriptEnabled: false });
    await one.page.goto(invoice.path);
    const sides = await one.page.locator("#comments .body").evaluate((body) => {
      const walker = document.createTreeWalker(body, NodeFilter.SHOW_TEXT);
      const text = walker.nextNode();
      const box = body.getBoundingClientRect();
      const range = document.createRange();
      return text.data.split("\n").map((line) => {
        const start = text.data.indexOf(line);
        range.setStart(text, start);
        range.setEnd(text, start + line.length);
        const { left, right } = range.getBoundingClientRect();
        return left - box.left < box.right - right ? "left" : "right";
      });
    });
    assert.deepEqual(sides, ["left", "right", "left"]);
  }
});

test("In forced colours whatever can be pressed, and each status, has an outline", async ({
  stack,
  browser,
}) => {
  const invoice = await stack.newInvoice(60);
  const dana = await browser.person("dana", { forcedColors: "active" });
  await dana.open(invoice);
  await dana.scrollUntil("a comment further down", 400, () =>
    dana.page.evaluate(() => window.scrollY > 1_500),
  );
  await stack.addComment(invoice, "priya", "For the pill.");
  await dana.page.locator("#new-comments").waitFor();
  const outlined = (selector) =>
    dana.page
      .locator(selector)
      .first()
      .evaluate((element) => {
        const { borderTopStyle, borderTopWidth } = getComputedStyle(element);
        return borderTopStyle !== "none" && Number.parseFloat(borderTopWidth) > 0;
      });
  for (const selector of [
    "#new-comments",
    "#comment-form button",
    "#thread-state button",
    ".banner",
  ]) {
    assert.ok(await outlined(selector), selector);
  }
  await dana.page.goto("/invoices");
  for (const selector of [".status", ".choices a[aria-current]"]) {
    assert.ok(await outlined(selector), selector);
  }
});

test("However long numbers, names and words are, nothing is cut off and no page scrolls sideways", async ({
  stack,
  browser,
}) => {
  const word = "Donaudampfschifffahrtsgesellschaft".repeat(4);
  const invoice = await stack.newInvoice(0, {
    number: `INV-${"9".repeat(36)}`,
    customer: {
      name: `\u0634\u0631\u0643\u0629 \u0627\u0644\u0627\u062e\u062a\u0628\u0627\u0631 ${word}`,
      email: `${"a".repeat(60)}@${"b".repeat(60)}.example`,
    },
    terms: word.slice(0, 100),
    lineItems: [
      { description: word, quantity: word.slice(0, 50), amount: "99999999999999" },
      { description: "\u062a\u0635\u0645\u064a\u0645", quantity: "2 rounds", amount: "1" },
    ],
  });
  await stack.send(invoice);
  const people = [{ userId: "long", displayName: word }];
  await stack.importComments(invoice.id, [word, "Short."], { people });
  for (const width of [320, 360, 768, 1280]) {
    const dana = await browser.person("dana", { viewport: { width, height: 900 } });
    for (const path of [
      invoice.path,
      `${invoice.path}/record`,
      "/invoices",
      `${invoice.path}?activity=open`,
    ]) {
      await dana.page.goto(path);
      const beyond = await dana.page.evaluate(() => {
        const cut = (element) => {
          const { left, right } = element.getBoundingClientRect();
          const frame = element.closest(".table-frame")?.getBoundingClientRect();
          return right > (frame?.right ?? window.innerWidth) + 1 || left < (frame?.left ?? 0) - 1;
        };
        return [...document.querySelectorAll("body > *, main *")]
          .filter(
            (element) =>
              element.checkVisibility() &&
              !element.closest(".visually-hidden, thead, .skip") &&
              cut(element),
          )
          .map((element) => `${element.localName}.${element.className}`);
      });
      assert.deepEqual(beyond, [], `${path} at ${width}`);
    }
    await browser.takePictures(`Long words at ${width}`);
    await dana.page.close();
  }
});

test("Beside long names the rows of the list stay low", async ({ stack, browser }) => {
  await stack.newInvoice(0, { number: `INV-${"8".repeat(36)}` });
  const invoice = await stack.newInvoice(3);
  const dana = await browser.person("dana");
  const row = dana.page.locator("tr").filter({ hasText: invoice.number });
  const { height } = await row.boundingBox();
  assert.ok(height <= 72, `a row with two lines of text is ${height} pixels high`);
});

test("At 400 percent of a window of 1280 pixels nothing is cut off and the bar takes little", async ({
  stack,
  browser,
}) => {
  const invoice = await stack.newInvoice(30);
  const dana = await browser.person("dana", { viewport: { width: 320, height: 256 } });
  for (const path of [invoice.path, "/invoices"]) {
    await dana.page.goto(path);
    await dana.page.mouse.wheel(0, 600);
    const { wide, bar } = await dana.page.evaluate(() => {
      const { bottom } = document.querySelector(".top").getBoundingClientRect();
      const wide = document.documentElement.scrollWidth;
      return { wide, bar: Math.max(0, bottom) / window.innerHeight };
    });
    const beyond = await dana.page.evaluate(() =>
      [...document.querySelectorAll("main *")]
        .filter((element) => element.getBoundingClientRect().right > window.innerWidth)
        .map((element) => `${element.tagName}.${element.className}`),
    );
    assert.ok(wide <= 320, `${path} is ${wide} pixels wide: ${beyond.join(", ")}`);
    await dana.page.waitForFunction(() => window.scrollY > 300);
    const stays = await dana.page.evaluate(
      () => document.querySelector(".top").getBoundingClientRect().bottom / window.innerHeight,
    );
    assert.ok(stays <= barPartMax, `the bar takes ${bar} of ${path}, then ${stays}`);
  }
  await dana.page.goto(invoice.path);
  // The longest of days in one line: in two it would cover a name.
  const height = await dana.comment("Comment 30 of 30.").evaluate((item) => {
    item.dataset.day = "27 September 2026";
    return Number.parseFloat(getComputedStyle(item, "::before").height);
  });
  assert.ok(height < 30, `the day is ${height} pixels high`);
  await dana.post("Written at 400 percent.");
  await dana.comment("Written at 400 percent.").waitFor();
});

test("Out of dark mode it is printed in black on white, without what can be pressed", async ({
  stack,
  browser,
}) => {
  const invoice = await stack.newInvoice(3);
  const dana = await browser.person("dana", { colorScheme: "dark" });
  await dana.open(invoice);
  await dana.page.emulateMedia({ media: "print", colorScheme: "dark" });
  const look = await dana.page.evaluate(() => {
    const colour = (selector, property) =>
      getComputedStyle(document.querySelector(selector))[property];
    return {
      ground: colour("body", "backgroundColor"),
      comment: colour("#comments .body", "color"),
      status: colour(".banner", "color"),
      form: colour("#comment-form", "display"),
    };
  });
  const light = (text) => Math.max(...text.match(/\d+/g).slice(0, 3).map(Number));
  assert.equal(look.ground, "rgb(255, 255, 255)");
  assert.equal(look.comment, "rgb(0, 0, 0)");
  assert.ok(light(look.status) < 160, `the status is ${look.status} on white`);
  assert.equal(look.form, "none");
});

test("On paper a comment that is being edited says what it says, and a phone prints no buttons", async ({
  stack,
  browser,
}) => {
  const invoice = await stack.newInvoice(["Of Priya's.", "Of Dana's."]);
  const dana = await browser.person("dana", {
    viewport: { width: 360, height: 740 },
    isMobile: true,
    hasTouch: true,
  });
  await dana.open(invoice);
  const mine = dana.comment("Of Dana's.");
  await mine.getByRole("button", { name: /^Edit/ }).tap();
  await dana.page.locator(".change-form textarea").fill("Half a");
  await mine.locator(".permalink").focus();
  await dana.page.emulateMedia({ media: "print" });
  assert.ok(await mine.locator(".body").isVisible(), "its words are not on paper");
  for (const hidden of [".change-form", ".comment-actions"]) {
    const shown = dana.page.locator(`#comments ${hidden}`).filter({ visible: true });
    assert.equal(await shown.count(), 0, `${hidden} is on paper`);
  }
  const box = await mine
    .locator(".permalink")
    .evaluate((link) => getComputedStyle(link, "::after").content);
  assert.equal(box, "none");
});

test("A short thread is printed on the page of its invoice, and one of twenty comments on one or two more", async ({
  stack,
  browser,
}) => {
  const margin = { top: "15mm", bottom: "15mm", left: "15mm", right: "15mm" };
  const dana = await browser.person("dana");
  const pagesOf = async (invoice) => {
    await dana.open(invoice);
    const pdf = await dana.page.pdf({ format: "A4", margin });
    return pdf.toString("latin1").match(/\/Type \/Page\b/g).length;
  };
  assert.equal(await pagesOf(await stack.newInvoice(3)), 1);
  const long = await stack.newInvoice(20);
  const pages = await pagesOf(long);
  assert.ok(pages === 2 || pages === 3, `${pages} pages for 20 lines`);
});
