// A walk of two people: one is mentioned, sees it unread on the list, reads it, answers, and goes back.
import assert from "node:assert/strict";
import { until } from "./support/await.mjs";
import { suite } from "./support/suite.mjs";

const test = suite();

// What the list says of the invoice beside its number of comments.
async function unreadOn(person, invoice) {
  const row = person.page.locator("table.invoices tr").filter({ hasText: invoice.number });
  await row.waitFor();
  const badge = row.locator(".unread-badge");
  return (await badge.count()) === 0 ? "" : badge.innerText();
}

async function readsOf(person, act) {
  const marked = person.page.waitForResponse((answer) => answer.url().endsWith("/read"));
  await act();
  assert.equal((await marked).status(), 200);
}

test("Whoever is mentioned sees it on the list, reads and answers, and all counts are right", async ({
  stack,
  browser,
}) => {
  const invoice = await stack.newInvoice(3);
  const dana = await browser.person("dana");
  const priya = await browser.person("priya");
  assert.equal(await unreadOn(priya, invoice), "2 unread", "of three, one is her own");
  await readsOf(priya, () => priya.open(invoice));
  await priya.page.goto("/invoices");
  assert.equal(await unreadOn(priya, invoice), "");

  await readsOf(dana, () => dana.open(invoice));
  await dana.body.pressSequentially("Is that agreed, @pri");
  const option = dana.page.getByRole("option", { name: "Priya" });
  await option.waitFor();
  assert.equal(await dana.body.getAttribute("aria-activedescendant"), "person-0");
  const controlled = await dana.body.getAttribute("aria-controls");
  assert.equal(await dana.page.locator(`#${controlled}[role=listbox] #person-0`).count(), 1);
  await browser.takePictures("People offered");
  await dana.page.keyboard.press("Enter");
  assert.match(await dana.body.inputValue(), /^Is that agreed, @Priya.* $/);
  await option.waitFor({ state: "detached" });
  await dana.page.keyboard.press("Control+Enter");
  await dana.comment("Is that agreed").and(dana.page.locator(":not(.pending)")).waitFor();
  const [asked] = await stack.thread(invoice);
  assert.deepEqual(asked.mentions, ["priya"]);

  await priya.page.reload();
  assert.equal(await unreadOn(priya, invoice), "1 unread · mentions you");
  await browser.takePictures("A mention on the list");
  await priya.page.locator("#activity-toggle").click();
  const item = priya.page.locator(".activity-item.unread").first();
  await item.filter({ hasText: "Is that agreed" }).waitFor();
  await priya.page.goto("/invoices?activity=mentions");
  await browser.takePictures("The mentions in the sidebar");
  assert.equal(await priya.page.locator(".activity-item").count(), 1);
  await readsOf(priya, () => priya.come(() => priya.page.locator(".activity-item a").click()));
  const mention = priya.page.locator("#comments > li[data-mention]");
  assert.equal(await mention.getAttribute("id"), `comment-${asked.commentId}`);
  assert.equal(await priya.page.locator("li[data-seen]").getAttribute("data-sequence"), "3");
  await browser.takePictures("The comment that mentions");

  await priya.postConfirmed("It is.");
  await dana.comment("It is.").waitFor();
  await priya.page.goto("/invoices");
  assert.equal(await unreadOn(priya, invoice), "", "neither what was read nor what is one's own");
  const thread = await stack.thread(invoice);
  assert.equal(thread.length, 5);
  for (const one of [dana, priya]) {
    await until("nothing is unread", async () => {
      await one.page.goto("/invoices");
      return (await unreadOn(one, invoice)) === "";
    });
  }
});

test("In a low window whom one points to is in sight", async ({ stack, browser }) => {
  const invoice = await stack.newInvoice(3);
  const dana = await browser.person("dana", { viewport: { width: 360, height: 400 } });
  await dana.open(invoice);
  await dana.body.evaluate((body) => body.scrollIntoView({ block: "end", behavior: "instant" }));
  await dana.body.pressSequentially("@");
  const pointed = dana.page.locator("#people [aria-selected=true]");
  for (const key of ["ArrowUp", "ArrowDown"]) {
    await pointed.waitFor();
    await until(`it is in sight before ${key}`, async () => {
      const { y, height } = await pointed.boundingBox();
      return y >= 0 && y + height <= 401;
    });
    await dana.page.keyboard.press(key);
  }
});

test("A name is written where it was begun, and nowhere else", async ({ stack, browser }) => {
  const invoice = await stack.newInvoice(["Of Priya's."]);
  const dana = await browser.person("dana");
  await dana.open(invoice);
  const option = dana.page.getByRole("option", { name: "Priya" });
  await dana.body.pressSequentially("Hello @pri");
  await option.waitFor();
  await dana.page.keyboard.press("Home");
  await option.waitFor({ state: "detached" });
  await dana.page.keyboard.press("Enter");
  assert.equal(await dana.body.inputValue(), "\nHello @pri");

  await dana.write("");
  await dana.body.pressSequentially("Hello @pri");
  await option.waitFor();
  await dana.page.keyboard.press("Shift+Tab");
  assert.equal(await dana.body.inputValue(), "Hello @pri");
  assert.notEqual(await dana.page.evaluate(() => document.activeElement.id), "comment-body");
});

test("An edit offers people as well, and mentions whom it names by then", async ({
  stack,
  browser,
}) => {
  const invoice = await stack.newInvoice(["Of Priya's.", "Of Dana's."]);
  const dana = await browser.person("dana");
  await dana.open(invoice);
  const mentionsOf = async () => (await stack.thread(invoice)).at(0).mentions ?? [];
  const edit = async (text, act) => {
    await dana.comment(text).hover();
    await dana.comment(text).getByRole("button", { name: "Edit" }).click();
    const form = dana.page.locator(".change-form textarea");
    await act(form);
    await dana.page.keyboard.press("Control+Enter");
    await form.waitFor({ state: "detached" });
    await dana.page.locator("#comments > .comment.pending").waitFor({ state: "detached" });
  };
  await dana.postConfirmed("Is that agreed?");
  assert.deepEqual(await mentionsOf(), []);
  await edit("Is that agreed?", async (form) => {
    await form.pressSequentially(" @pri");
    const option = dana.page.getByRole("option", { name: "Priya" });
    await option.waitFor();
    const [list, text] = await Promise.all([
      dana.page.locator(".mention-list").boundingBox(),
      form.boundingBox(),
    ]);
    assert.ok(list.y >= text.y + text.height, "the list covers what one writes");
    await browser.takePictures("People offered in an edit");
    // Closed by its own key, the list leaves the form as it is.
    await dana.page.keyboard.press("Escape");
    await option.waitFor({ state: "detached" });
    assert.ok(await form.isVisible());
    await form.pressSequentially("y");
    await dana.page.keyboard.press("Backspace");
    await option.waitFor();
    await dana.page.keyboard.press("Enter");
    assert.match(await form.inputValue(), /^Is that agreed\? @Priya.* $/);
  });
  await until("Priya is mentioned", async () => (await mentionsOf()).join() === "priya");
  await edit("Is that agreed?", (form) => form.fill("Is that agreed by nobody?"));
  await until("nobody is", async () => (await mentionsOf()).length === 0);
});

test("A tab in the background says how much is unread, until somebody looks", async ({
  stack,
  browser,
}) => {
  const invoice = await stack.newInvoice(2);
  const dana = await browser.person("dana");
  await dana.page.addInitScript(() => {
    window.looks = false;
    document.hasFocus = () => window.looks;
  });
  await dana.open(invoice);
  await until("the count", async () => (await dana.page.title()).startsWith("(1) "));
  assert.equal(dana.requests(/POST .*\/read$/).length, 0, "nobody has looked at it");
  await readsOf(dana, () =>
    dana.page.evaluate(() => {
      window.looks = true;
      window.dispatchEvent(new Event("focus"));
    }),
  );
  await until("no count", async () => !(await dana.page.title()).startsWith("("));
});

test("While comments-service is away the list says of nothing that it is read", async ({
  stack,
  browser,
}) => {
  const invoice = await stack.newInvoice(2);
  const dana = await browser.person("dana");
  assert.equal(await unreadOn(dana, invoice), "1 unread");
  stack.commentsFront.hold();
  try {
    await dana.page.reload();
    assert.equal(await unreadOn(dana, invoice), "");
  } finally {
    stack.commentsFront.resume();
  }
  await until("it is known again", async () => {
    await dana.page.reload();
    return (await unreadOn(dana, invoice)) === "1 unread";
  });
});
