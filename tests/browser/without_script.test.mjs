// With JavaScript off one can read, go back to older comments, and post.
import assert from "node:assert/strict";
import { until } from "./support/await.mjs";
import { suite } from "./support/suite.mjs";

const test = suite();
const off = { javaScriptEnabled: false };

async function bodies(person) {
  return person.page.locator("#comments > li .body").allTextContents();
}

async function counts(person) {
  return person.page.locator("[data-comment-count]").allTextContents();
}

test("All comments can be read by way of the older and newer links", async ({ stack, browser }) => {
  const invoice = await stack.newInvoice(45);
  const dana = await browser.person("dana", off);
  await dana.page.goto(invoice.path);
  const pages = [await bodies(dana)];
  while ((await dana.page.locator("#older").count()) > 0) {
    await dana.page.locator("#older").click();
    await dana.page.waitForLoadState();
    pages.push(await bodies(dana));
    assert.ok(pages.length <= 3, "there are only three pages");
  }
  assert.deepEqual(
    pages.flat(),
    Array.from({ length: 45 }, (_, i) => `Comment ${45 - i} of 45.`),
  );

  await dana.page.locator("#newer").click();
  await dana.page.waitForLoadState();
  assert.deepEqual(await bodies(dana), pages[1]);
});

test("A comment posted by the form is on the page that follows, with its count", async ({
  stack,
  browser,
}) => {
  const invoice = await stack.newInvoice(3);
  const dana = await browser.person("dana", off);
  await dana.page.goto(invoice.path);
  for (let i = 4; i <= 8; i += 1) {
    await dana.post(`By the form, ${i}.`);
    await dana.page.waitForURL(/consistency=/);
    await dana.comment(`By the form, ${i}.`).waitFor();
    assert.equal((await bodies(dana))[0], `By the form, ${i}.`);
    for (const count of await counts(dana)) assert.match(count, new RegExp(`^${i}( comments)?$`));
    assert.match(dana.page.url(), /#comment-/);
  }
  assert.equal((await stack.thread(invoice)).length, 8);
});

test("It is there even when the counts arrive late", async ({ stack, browser }) => {
  const invoice = await stack.newInvoice(3);
  const dana = await browser.person("dana", off);
  await dana.page.goto(invoice.path);
  stack.projectorLink.hold();
  try {
    await dana.post("Ahead of the count.");
    await dana.page.waitForURL(/consistency=/);
    assert.equal((await bodies(dana))[0], "Ahead of the count.");
    for (const count of await counts(dana)) assert.match(count, /^4( comments)?$/);
  } finally {
    stack.projectorLink.resume();
  }
});

test("Sent twice by an impatient finger, it is there once", async ({ stack, browser }) => {
  const invoice = await stack.newInvoice(1);
  const dana = await browser.person("dana", off);
  await dana.page.goto(invoice.path);
  await dana.write("Once.");
  const held = stack.front.holdAnswers(/^POST \/invoices/);
  const button = await dana.page.locator("#comment-form button").boundingBox();
  // A click by its place does not wait for the page that follows.
  const click = () => dana.page.mouse.click(button.x + 10, button.y + 10);
  await click();
  await until("the server has answered", () => held.answers >= 1);
  await click();
  await until("the server has answered twice", () => held.answers >= 2);
  held.end();
  await dana.page.waitForURL(/consistency=/);
  assert.equal((await stack.thread(invoice)).length, 2);
});

test("A mistake comes back in the form with what was typed", async ({ stack, browser }) => {
  const invoice = await stack.newInvoice(1);
  const dana = await browser.person("dana", off);
  await dana.page.goto(invoice.path);
  const id = await dana.page.locator("input[name=comment_id]").inputValue();
  // White space satisfies "required" and not the rule.
  await dana.write("  \n ");
  const [answer] = await Promise.all([dana.page.waitForResponse(/comments$/), dana.send()]);
  dana.watch.expect(/400/);
  assert.equal(answer.status(), 400);
  assert.match(await dana.error(), /blank/);
  assert.equal((await dana.body.inputValue()).replaceAll("\r", ""), "  \n ");
  assert.equal(await dana.page.locator("input[name=comment_id]").inputValue(), id);
  assert.deepEqual(await bodies(dana), ["Comment 1 of 1."]);

  await dana.post("Now with words.");
  await dana.page.waitForURL(/consistency=/);
  assert.equal((await bodies(dana))[0], "Now with words.");
});

test("A text that is too long comes back as well", async ({ stack, browser }) => {
  const invoice = await stack.newInvoice(1);
  const dana = await browser.person("dana");
  await dana.page.route("**/assets/leaf*", (route) => route.abort());
  dana.watch.expect(/ERR_FAILED|400/);
  await dana.page.goto(invoice.path);
  const text = '<b>long</b> & "quoted" '.repeat(500);
  await dana.write(text);
  await dana.send();
  await until("the error", () => dana.error());
  assert.match(await dana.error(), /10,000/);
  assert.equal(await dana.body.inputValue(), text);
});

test("The activity of all invoices opens and closes by links", async ({ stack, browser }) => {
  const invoice = await stack.newInvoice(["Seen in the sidebar."]);
  const dana = await browser.person("dana", off);
  await dana.page.goto(invoice.path);
  assert.equal(await dana.page.locator("#activity").isVisible(), false);
  await dana.page.locator("#activity-toggle").click();
  await dana.page.waitForURL(/activity=open/);
  await dana.page.locator("#activity").getByText("Seen in the sidebar.").waitFor();
  await browser.takePictures("The open sidebar");
  await dana.page.locator("#activity-close").click();
  await until("it is closed", async () => !(await dana.page.locator("#activity").isVisible()));
});

test("From sign-in to the invoice and out again", async ({ stack, browser }) => {
  const invoice = await stack.newInvoice(2);
  const somebody = await browser.person("", off);
  await somebody.page.goto(invoice.path);
  assert.match(somebody.page.url(), /\/sign-in\?next=/);
  await browser.takePictures("Signing in");
  await somebody.page.locator('button[name=person][value="dana@northlight"]').click();
  await somebody.page.waitForURL(`**${invoice.path}`);
  assert.equal((await bodies(somebody)).length, 2);

  await somebody.page.goto("/invoices");
  await browser.takePictures("All invoices");
  await somebody.page.locator("main a", { hasText: invoice.number }).click();
  await somebody.page.waitForURL(`**${invoice.path}`);
  await somebody.page.locator(".viewer button").click();
  await somebody.page.goto(invoice.path);
  assert.match(somebody.page.url(), /\/sign-in/);
});

test("A comment that is sent when the session has ended can be posted after signing in again", async ({
  stack,
  browser,
}) => {
  const invoice = await stack.newInvoice(1);
  const dana = await browser.person("dana", off);
  await dana.page.goto(invoice.path);
  const other = await dana.page.context().newPage();
  await other.goto("/invoices");
  await other.getByRole("button", { name: "Sign out" }).click();
  await other.waitForURL("**/sign-in");
  dana.watch.expect(/401/);
  await dana.post("Typed for half an hour.");
  const typed = await dana.page.getByLabel("What you wrote").inputValue();
  assert.equal(typed, "Typed for half an hour.");
  await dana.page.getByRole("link", { name: "Sign in" }).click();
  await dana.page.locator('button[name=person][value="dana@northlight"]').click();
  await dana.page.waitForURL(`**${invoice.path}`);
  await dana.post(typed);
  await dana.page.waitForURL(/consistency=/);
  assert.equal((await bodies(dana))[0], typed);
});

test("Another tenant's invoice is not there", async ({ stack, browser }) => {
  const invoice = await stack.newInvoice(1);
  const mallory = await browser.person("mallory@rivalworks", off);
  mallory.watch.expect(/404/);
  for (const path of [invoice.path, `/invoices/${invoice.id}`]) {
    const answer = await mallory.page.goto(path);
    assert.equal(answer.status(), 404);
    assert.doesNotMatch(await mallory.page.locator("body").innerText(), /Comment 1 of 1/);
  }
});

test("The thread is resolved and opened again by its form", async ({ stack, browser }) => {
  const invoice = await stack.newInvoice(2);
  const dana = await browser.person("dana", { javaScriptEnabled: false });
  await dana.page.goto(invoice.path);
  await dana.page.getByRole("button", { name: "Resolve" }).click();
  assert.match(await dana.page.locator(".settled").innerText(), /^Resolved by Dana, just now$/);
  await dana.page.getByRole("button", { name: "Reopen" }).click();
  await dana.page.getByRole("button", { name: "Resolve" }).waitFor();
  assert.equal(await dana.page.locator(".settled").count(), 0);
  const sam = await browser.person("sam", { javaScriptEnabled: false });
  await sam.page.goto(invoice.path);
  assert.equal(await sam.page.getByRole("button", { name: "Resolve" }).count(), 0);
});

test("A comment is edited on its page, and its earlier words are read on another", async ({
  stack,
  browser,
}) => {
  const invoice = await stack.newInvoice(0);
  const dana = await browser.person("dana", off);
  await dana.page.goto(invoice.path);
  await dana.post("Frist.");
  await dana.comment("Frist.").getByRole("link", { name: "Edit the comment by Dana" }).click();
  await browser.takePictures("Editing without script");
  assert.equal(await dana.page.getByLabel("Edit the comment").inputValue(), "Frist.");
  await dana.page.getByLabel("Edit the comment").fill("First.");
  await dana.page.getByRole("button", { name: "Save" }).click();
  await dana.page.waitForURL(/comment=.*consistency=/);
  assert.deepEqual(await bodies(dana), ["First."]);
  assert.equal(await dana.page.locator(".comment.marked").count(), 1);

  await dana.page.getByRole("link", { name: "edited" }).click();
  await browser.takePictures("The history of a comment");
  assert.deepEqual(await dana.page.locator(".body").allTextContents(), ["Frist.", "First."]);
  await dana.page.getByRole("link", { name: /^Back to/ }).click();
  assert.deepEqual(await bodies(dana), ["First."]);
});

test("Of two who edit at once the later sees what the other wrote, and keeps the text", async ({
  stack,
  browser,
}) => {
  const invoice = await stack.newInvoice(0);
  const dana = await browser.person("dana", off);
  const again = await browser.person("dana", off);
  await dana.page.goto(invoice.path);
  await dana.post("Said.");
  await again.page.goto(invoice.path);
  for (const one of [dana, again]) {
    await one.comment("Said.").getByRole("link", { name: /^Edit/ }).click();
  }
  await dana.page.getByLabel("Edit the comment").fill("By the first.");
  await dana.page.getByRole("button", { name: "Save" }).click();
  await dana.page.waitForURL(/consistency=/);
  again.watch.expect(/412/);
  await again.page.getByLabel("Edit the comment").fill("By the second.");
  await again.page.getByRole("button", { name: "Save" }).click();
  assert.match(await again.page.getByRole("alert").innerText(), /changed meanwhile/);
  await browser.takePictures("An edit that came too late");
  assert.equal(await again.page.locator(".said .body").innerText(), "By the first.");
  assert.equal(await again.page.getByLabel("Edit the comment").inputValue(), "By the second.");
  await again.page.getByRole("button", { name: "Save" }).click();
  await again.page.waitForURL(/consistency=/);
  assert.deepEqual(await bodies(again), ["By the second."]);
});

test("A comment is removed with a reason, and who was editing it posts the text anew", async ({
  stack,
  browser,
}) => {
  const invoice = await stack.newInvoice(0);
  const dana = await browser.person("dana", off);
  await dana.page.goto(invoice.path);
  await dana.post("In the wrong thread.");
  await dana.comment("In the wrong thread.").getByRole("link", { name: /^Edit/ }).click();
  await dana.page.getByLabel("Edit the comment").fill("In the right thread.");
  const alex = await browser.person("alex", off);
  await alex.page.goto(invoice.path);
  await alex.comment("In the wrong thread.").getByRole("link", { name: /^Remove/ }).click();
  await browser.takePictures("Removing without script");
  await alex.page.getByLabel("Why? (optional)").fill("not this invoice");
  await alex.page.getByRole("button", { name: "Remove it" }).click();
  await alex.page.waitForURL(/consistency=/);
  assert.match(
    await alex.page.locator(".tombstone").innerText(),
    /^Removed by Alex, just now: .?not this invoice.?$/,
  );

  dana.watch.expect(/409/);
  await dana.page.getByRole("button", { name: "Save" }).click();
  assert.match(await dana.page.getByRole("alert").innerText(), /^Alex has removed this comment/);
  await dana.page.getByRole("button", { name: "Post it as a new comment" }).click();
  await dana.page.waitForURL(/consistency=/);
  assert.deepEqual(await bodies(dana), ["In the right thread."]);
});

test("Nothing is resolved over a comment that one has not read", async ({ stack, browser }) => {
  const invoice = await stack.newInvoice(1);
  const dana = await browser.person("dana", off);
  const priya = await browser.person("priya", off);
  await dana.page.goto(invoice.path);
  await priya.page.goto(invoice.path);
  await priya.post("Wait, one more thing.");
  await priya.page.waitForURL(/consistency=/);
  dana.watch.expect(/412/);
  await dana.page.getByRole("button", { name: "Resolve" }).click();
  assert.match(await dana.page.locator("#thread > .error").innerText(), /Somebody has written/);
  assert.equal((await bodies(dana))[0], "Wait, one more thing.");
  await dana.page.getByRole("button", { name: "Resolve" }).click();
  assert.match(await dana.page.locator(".settled").innerText(), /^Resolved by Dana, just now$/);
});

test("A link to an old comment opens at it and marks it", async ({ stack, browser }) => {
  const invoice = await stack.newInvoice(90);
  const [old] = (await stack.thread(invoice)).filter(({ sequence }) => sequence === 12);
  const dana = await browser.person("dana", off);
  // By the invoice's id as well: it has one address.
  await dana.page.goto(`/invoices/${invoice.id}?comment=${old.commentId}`);
  assert.equal(new URL(dana.page.url()).pathname, invoice.path);
  const item = dana.page.locator(`#comment-${old.commentId}`);
  assert.match(await item.getAttribute("class"), /marked/);
  await until("it is in sight", () =>
    item.evaluate((one) => {
      const { top, bottom } = one.getBoundingClientRect();
      return top >= 0 && bottom <= innerHeight;
    }),
  );
  await dana.page.locator("#newer").click();
  await dana.page.waitForURL(/cursor=/);
  assert.equal((await bodies(dana)).at(-1), "Comment 23 of 90.");
});

test("What was edited or removed says so", async ({ stack, browser }) => {
  const invoice = await stack.newInvoice(1);
  const dana = await browser.person("dana");
  await dana.open(invoice);
  for (const text of ["To edit.", "To remove."]) await dana.postConfirmed(text);
  await dana.comment("To edit.").getByRole("button", { name: "Edit" }).click();
  await dana.page.locator(".change-form textarea").fill("Edited.");
  await dana.page.getByRole("button", { name: "Save" }).click();
  await dana.comment("Edited.").locator(".edited").waitFor();
  await dana.comment("To remove.").getByRole("button", { name: "Remove" }).click();
  await dana.page.locator(".change-form input").fill("by mistake");
  await dana.page.getByRole("button", { name: "Remove it" }).click();
  await dana.page.locator(".tombstone").waitFor();

  const reader = await browser.person("priya", { javaScriptEnabled: false });
  await reader.page.goto(invoice.path);
  assert.equal(await reader.comment("Edited.").locator(".edited").count(), 1);
  assert.match(
    await reader.page.locator(".tombstone").innerText(),
    /^Removed by Dana, just now: .?by mistake.?$/,
  );
  assert.equal(await reader.page.locator("[data-comment-count]").innerText(), "2 comments");
});

test("Lines stay lines, as the leaf would have sent them", async ({ stack, browser }) => {
  const invoice = await stack.newInvoice(0);
  const dana = await browser.person("dana", off);
  await dana.page.goto(invoice.path);
  await dana.post("First line.\n\n  Third line, indented.");
  await dana.page.waitForURL(/consistency=/);
  const [stored] = await stack.thread(invoice);
  assert.equal(stored.body, "First line.\n\n  Third line, indented.");
  assert.deepEqual(await bodies(dana), [stored.body]);
  const height = await dana.page
    .locator("#comments .body")
    .evaluate(
      (one) => one.getBoundingClientRect().height / parseFloat(getComputedStyle(one).lineHeight),
    );
  assert.ok(height > 2.5, `shown in ${height} lines`);
});
