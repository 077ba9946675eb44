// Nothing of what one types is lost, cut or sent before it is meant to be.
import assert from "node:assert/strict";
import { until } from "./support/await.mjs";
import { suite } from "./support/suite.mjs";

const test = suite();
const charactersMax = 10_000;

async function stored(stack, invoice, body) {
  await until(`"${body.slice(0, 20)}" is stored`, async () =>
    (await stack.thread(invoice)).some((comment) => comment.body === body),
  );
}

test("While an input method composes, its keys do not post", async ({ stack, browser }) => {
  const invoice = await stack.newInvoice(1);
  const dana = await browser.person("dana");
  await dana.open(invoice);
  await dana.body.focus();
  const keyboard = await dana.page.context().newCDPSession(dana.page);
  await keyboard.send("Input.imeSetComposition", {
    text: "にほ",
    selectionStart: 2,
    selectionEnd: 2,
  });
  await until("it composes", async () => (await dana.body.inputValue()) === "にほ");
  for (const key of ["ctrlKey", "metaKey"]) {
    await dana.body.evaluate((body, name) => {
      const init = { key: "Enter", isComposing: true, bubbles: true, cancelable: true };
      body.dispatchEvent(new KeyboardEvent("keydown", { ...init, [name]: true }));
    }, key);
  }
  assert.equal(await dana.body.inputValue(), "にほ");
  assert.equal(dana.requests(/^POST \/api\/.*\/comments/).length, 0);
  await keyboard.send("Input.insertText", { text: "日本" });
  assert.equal(await dana.body.inputValue(), "日本");
  await dana.page.keyboard.press("Control+Enter");
  await stored(stack, invoice, "日本");
});

test("What is too long is kept whole, counted as the server counts, and refused before it is sent", async ({
  stack,
  browser,
}) => {
  const invoice = await stack.newInvoice(1);
  const dana = await browser.person("dana");
  await dana.open(invoice);
  await dana.body.focus();
  await dana.page.keyboard.insertText("a".repeat(charactersMax + 2_007));
  assert.equal((await dana.body.inputValue()).length, charactersMax + 2_007);
  await dana.page.getByText("2,007 characters too many").waitFor();
  await dana.send();
  assert.match(await dana.error(), /at most 10,000 characters/);
  assert.equal((await dana.body.inputValue()).length, charactersMax + 2_007);
  assert.equal(dana.requests(/^POST \/api\/.*\/comments/).length, 0);

  // Each is two units of UTF-16 and one character.
  const faces = "😀".repeat(charactersMax);
  await dana.write(faces);
  await dana.page.getByText("0 characters left").waitFor();
  await dana.send();
  await stored(stack, invoice, faces);
});

test("Two tabs, each with a failed comment: after reloads both are posted, each once", async ({
  stack,
  browser,
}) => {
  const invoice = await stack.newInvoice(1);
  const first = await browser.person("dana");
  const second = await browser.tab(first.page.context());
  const tabs = [first, second];
  for (const tab of tabs) tab.watch.expect(/ERR_|events/);
  const refused = stack.front.refuse(/^POST .*\/comments/);
  for (const [i, tab] of tabs.entries()) {
    await tab.open(invoice);
    await tab.post(`From tab ${i + 1}.`);
    await tab.failed();
  }
  for (const tab of tabs) await tab.page.reload();
  refused.end();
  await first.page.bringToFront();
  await until("both are there", async () => (await first.unsent()).length === 2);
  await first.press("Post again");
  await until("one is left", async () => (await first.unsent()).length === 1);
  await first.press("Post again");
  await until("none is left", async () => (await first.unsent()).length === 0);
  await until("nor in the other tab", async () => (await second.unsent()).length === 0);
  const bodies = (await stack.thread(invoice)).map((comment) => comment.body).sort();
  assert.deepEqual(bodies, ["Comment 1 of 1.", "From tab 1.", "From tab 2."]);
});

for (const [what, breakStorage] of [
  [
    "is denied",
    () => {
      for (const name of ["localStorage", "sessionStorage"]) {
        Object.defineProperty(window, name, {
          get() {
            throw new DOMException("denied", "SecurityError");
          },
        });
      }
    },
  ],
  [
    "fails in every call",
    () => {
      for (const name of ["getItem", "setItem", "removeItem", "key", "clear"]) {
        Storage.prototype[name] = () => {
          throw new DOMException("full", "QuotaExceededError");
        };
      }
    },
  ],
]) {
  test(`Where storage ${what} one writes, fails and posts all the same`, async ({
    stack,
    browser,
  }) => {
    const invoice = await stack.newInvoice(1);
    const dana = await browser.person("dana");
    dana.watch.expect(/ERR_/);
    await dana.page.addInitScript(breakStorage);
    await dana.open(invoice);
    await dana.postConfirmed("First.");
    const refused = stack.front.refuse(/^POST .*\/comments/);
    await dana.post("Second.");
    await dana.failed();
    refused.end();
    await dana.press("Post again");
    await stored(stack, invoice, "Second.");
    await dana.postConfirmed("Third.");
    assert.equal((await stack.thread(invoice)).length, 4);
  });
}

test("A draft outlasts a reload, and is gone once it is posted", async ({ stack, browser }) => {
  const invoice = await stack.newInvoice(1);
  const dana = await browser.person("dana");
  await dana.open(invoice);
  await dana.write("Half a sen");
  await dana.come(() => dana.page.reload());
  assert.equal(await dana.body.inputValue(), "Half a sen");
  // It is the person's, and the invoice's.
  await dana.open(await stack.newInvoice(1));
  assert.equal(await dana.body.inputValue(), "");
  await dana.signIn("priya");
  await dana.open(invoice);
  assert.equal(await dana.body.inputValue(), "");
  await dana.signIn("dana");
  await dana.open(invoice);
  assert.equal(await dana.body.inputValue(), "Half a sen");
  await dana.send();
  await stored(stack, invoice, "Half a sen");
  await dana.come(() => dana.page.reload());
  assert.equal(await dana.body.inputValue(), "");
});

test("A comment is quoted into what one writes, behind what is there", async ({
  stack,
  browser,
}) => {
  const invoice = await stack.newInvoice(["It covers\ntwo rounds."]);
  const dana = await browser.person("dana");
  await dana.open(invoice);
  await dana.write("So far.");
  await dana.comment("two rounds").hover();
  await dana.page.getByRole("button", { name: /^Quote the comment by/ }).click();
  assert.equal(await dana.page.evaluate(() => document.activeElement.id), "comment-body");
  await dana.page.keyboard.type("No.");
  const text = await dana.body.inputValue();
  assert.match(text, /^So far\.\n\n\w+ wrote:\n> It covers\n> two rounds\.\n\nNo\.$/);
});
