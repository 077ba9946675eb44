// Editing, removing, resolving: at once for whoever does it, live at another person's, and taken back
// with its text kept when it is refused.
import assert from "node:assert/strict";
import { until } from "./support/await.mjs";
import { refuseLater } from "./support/gate.mjs";
import { suite } from "./support/suite.mjs";

const test = suite();
const changes = (method) => new RegExp(`^${method} /api/invoices/[^/]+/comments/`);
const settlements = /^POST \/api\/invoices\/[^/]+\/(resolve|reopen)/;

async function act(person, text, action) {
  await person.comment(text).hover();
  await person
    .comment(text)
    .getByRole("button", { name: `${action} the comment by` })
    .click();
}

function form(person) {
  return person.page.locator(".change-form");
}

async function edit(person, text, to) {
  await act(person, text, "Edit");
  await form(person).locator("textarea").fill(to);
  await form(person).getByRole("button", { name: "Save" }).click();
}

// The server has said so too.
async function settled(person) {
  await person.page.locator("#thread-state.resolved button:not([aria-disabled])").waitFor();
}

async function bodyOf(person, text) {
  return person.comment(text).locator(".body").textContent();
}

async function pair(stack, browser, comments = 2) {
  const invoice = await stack.newInvoice(comments);
  const dana = await browser.person("dana");
  const priya = await browser.person("priya");
  await dana.open(invoice);
  await priya.open(invoice);
  return { invoice, dana, priya };
}

test("An edit is there at once, live at another person's, and its history can be read", async ({
  stack,
  browser,
}) => {
  const { dana, priya } = await pair(stack, browser);
  await dana.postConfirmed("It covers two rouns.");
  await priya.comment("It covers two rouns.").waitFor();
  await edit(dana, "It covers two rouns.", "It covers two rounds.");
  await priya.comment("It covers two rounds.").waitFor();
  for (const person of [dana, priya]) {
    await person.comment("two rounds").locator(".edited").waitFor();
    assert.equal(await person.comment("two rouns").count(), 0);
    await person.comment("two rounds").locator(".edited").click();
    const earlier = person.page.locator(".revisions .body");
    await earlier.waitFor();
    assert.deepEqual(await earlier.allTextContents(), ["It covers two rouns."]);
  }
  assert.equal(await dana.page.locator(".change-form").count(), 0);
});

test("What is erased is nowhere on a page on which its history was open", async ({
  stack,
  browser,
}) => {
  const invoice = await stack.newInvoice(2);
  const dana = await browser.person("dana");
  const priya = await browser.person("priya");
  await dana.open(invoice);
  await priya.open(invoice, "?activity=open");
  await dana.postConfirmed("Her number is 555-0101.");
  await priya.comment("555-0101").waitFor();
  await edit(dana, "555-0101", "Her number is 555-0102.");
  await priya.comment("555-0102").locator(".edited").click();
  await priya.page.locator(".revisions").getByText("555-0101").waitFor();
  await priya.page.locator("#activity").getByText("555-0102").waitFor();
  const [{ commentId }] = await stack.thread(invoice);
  await stack.eraseComment(invoice, commentId);
  await priya.page.locator("#comments .tombstone").waitFor();
  assert.equal(await priya.page.locator(".revisions").count(), 0);
  await until("the words are gone", async () => {
    return !/555/.test(await priya.page.locator("body").textContent());
  });
});

test("A removal leaves its place, says who, when and why, and no count is behind it", async ({
  stack,
  browser,
}) => {
  const { dana, priya } = await pair(stack, browser);
  await dana.postConfirmed("To the wrong thread.");
  await priya.comment("To the wrong thread.").waitFor();
  await act(dana, "To the wrong thread.", "Remove");
  await form(dana).locator("input").fill("meant for INV-7");
  await form(dana).getByRole("button", { name: "Remove it" }).click();
  for (const person of [dana, priya]) {
    const tombstone = person.page.locator(".tombstone");
    await tombstone.waitFor();
    assert.match(await tombstone.innerText(), /^Removed by Dana, just now: .?meant for INV-7.?$/);
    assert.equal(await person.comment("wrong thread").count(), 0);
    assert.equal((await person.comments()).length, 3);
    await until("the counts", async () => new Set(await person.counts()).has("2 comments"));
    assert.equal(
      await person.page.locator("#comments > li.removed .comment-actions").count(),
      0,
      "nothing is left to be done with it",
    );
  }
});

test("The thread is resolved and opened again, live in both browsers", async ({
  stack,
  browser,
}) => {
  const { dana, priya } = await pair(stack, browser);
  await dana.page.getByRole("button", { name: "Resolve" }).click();
  await priya.page.locator("#thread-state.resolved").waitFor();
  assert.match(await priya.page.locator(".settled").innerText(), /^Resolved by Dana, just now$/);
  await until("the announcement", async () =>
    /Dana resolved the thread/.test(await priya.page.locator("#announcer").textContent()),
  );
  // Posting leaves it so, unless one says otherwise.
  await priya.postConfirmed("One thing more.");
  await dana.comment("One thing more.").waitFor();
  assert.equal(await dana.page.locator("#thread-state.resolved").count(), 1);
  await priya.write("Not quite yet.");
  await priya.page.getByRole("button", { name: "Post and reopen" }).click();
  await dana.comment("Not quite yet.").waitFor();
  await dana.page.locator("#thread-state:not(.resolved)").waitFor();
  await priya.page.getByRole("button", { name: "Resolve" }).waitFor();
  assert.equal(await priya.page.getByRole("button", { name: "Post and reopen" }).count(), 0);
});

test("A refused edit is rolled back, its text kept, and saved later", async ({
  stack,
  browser,
}) => {
  const { dana } = await pair(stack, browser);
  dana.watch.expect(/500/);
  await dana.postConfirmed("As it was.");
  await dana.page.route("**/api/invoices/*/comments/*", (route) =>
    route.request().method() === "PATCH"
      ? route.fulfill({ status: 500, contentType: "application/problem+json", body: "{}" })
      : route.continue(),
  );
  await edit(dana, "As it was.", "As it should be.");
  await form(dana).locator(".error").filter({ hasText: "Something went wrong" }).waitFor();
  assert.equal(await form(dana).locator("textarea").inputValue(), "As it should be.");
  assert.equal(await dana.comment("As it was.").locator(".body").count(), 1);
  assert.equal(await dana.page.locator("#comments > li.pending").count(), 0);
  await dana.page.unroute("**/api/invoices/*/comments/*");
  await form(dana).getByRole("button", { name: "Save" }).click();
  await dana.comment("As it should be.").locator(".edited").waitFor();
});

test("An edit that is refused later takes nobody away from what one does by then", async ({
  stack,
  browser,
}) => {
  const invoice = await stack.newInvoice(60);
  const dana = await browser.person("dana");
  dana.watch.expect(/500/);
  await dana.open(invoice);
  await dana.postConfirmed("As it was.");
  const edits = "**/api/invoices/*/comments/*";
  const first = await refuseLater(dana.page, "PATCH", edits);
  const refused = form(dana).locator(".error").filter({ hasText: "Something went wrong" });

  await edit(dana, "As it was.", "As it should be.");
  await dana.body.focus();
  await dana.page.keyboard.type("Meanwhile ");
  first.open();
  await refused.waitFor();
  await dana.page.keyboard.type("another.");
  assert.equal(await dana.body.inputValue(), "Meanwhile another.");
  assert.equal(await form(dana).locator("textarea").inputValue(), "As it should be.");

  const second = await refuseLater(dana.page, "PATCH", edits);
  await form(dana).getByRole("button", { name: "Save" }).click();
  await dana
    .comment("Comment 45 of")
    .evaluate((item) => item.scrollIntoView({ block: "center", behavior: "instant" }));
  await until("one is there", async () => (await dana.page.evaluate(() => scrollY)) > 1_000);
  const place = await dana.readingPlace();
  second.open();
  await refused.waitFor({ state: "attached" });
  await until("the place is the same", async () => {
    const now = await dana.readingPlace();
    return now.id === place.id && Math.abs(now.top - place.top) <= 2;
  });
  assert.notEqual(await dana.page.evaluate(() => document.activeElement.tagName), "TEXTAREA");
  const write = dana.page.getByRole("link", { name: "Write" });
  const mark = await write.evaluate((link) => getComputedStyle(link, "::after").content);
  assert.match(mark, /a comment was not posted or changed/);
  await write.click();
  assert.equal(await dana.page.evaluate(() => document.activeElement.value), "As it should be.");
  await until("it is in sight", async () => {
    const box = await form(dana).boundingBox();
    return box.y > 0 && box.y + box.height <= 900;
  });
  await write.click();
  assert.equal(await dana.page.evaluate(() => document.activeElement.id), "comment-body");
});

test("A removal of what was edited meanwhile is told so in the words of a removal", async ({
  stack,
  browser,
}) => {
  const { invoice, dana } = await pair(stack, browser);
  await dana.postConfirmed("Original.");
  const alex = await browser.person("alex");
  alex.watch.expect(/412/);
  await alex.open(invoice);
  await act(alex, "Original.", "Remove");
  await edit(dana, "Original.", `Better.${" Much better.".repeat(300)}`);
  await alex.comment("Better.").waitFor();
  await form(alex).getByRole("button", { name: "Remove it" }).click();
  const told = form(alex).locator(".error").filter({ hasText: "It now says: “Better." });
  await told.waitFor();
  assert.match(await told.innerText(), /…” Remove it if that is to go as well\.$/);
  assert.ok((await told.innerText()).length < 300, "the whole comment stands in the message");
  await form(alex).getByRole("button", { name: "Remove it" }).click();
  await dana.page.locator("#comments .tombstone").waitFor();
});

test("A refused removal and a refused resolve are rolled back", async ({ stack, browser }) => {
  const { dana } = await pair(stack, browser);
  dana.watch.expect(/500/);
  await dana.postConfirmed("Still here.");
  const fail = (route) =>
    ["DELETE", "POST"].includes(route.request().method())
      ? route.fulfill({ status: 500, contentType: "application/problem+json", body: "{}" })
      : route.continue();
  await dana.page.route("**/api/invoices/**", fail);
  await act(dana, "Still here.", "Remove");
  await form(dana).getByRole("button", { name: "Remove it" }).click();
  await form(dana).locator(".error").filter({ hasText: "Something went wrong" }).waitFor();
  assert.equal(await bodyOf(dana, "Still here."), "Still here.");
  assert.deepEqual(await dana.counts(), ["3 comments"]);
  await form(dana).getByRole("button", { name: "Cancel" }).click();

  await dana.page.getByRole("button", { name: "Resolve" }).click();
  await dana.page.locator(".thread > .error").filter({ hasText: "went wrong" }).waitFor();
  assert.equal(await dana.page.locator("#thread-state.resolved").count(), 0);
  await dana.page.unroute("**/api/invoices/**");
  await dana.page.getByRole("button", { name: "Resolve" }).click();
  await dana.page.locator("#thread-state.resolved").waitFor();
});

test("After a lost answer and a reload an edit goes on under the same change id", async ({
  stack,
  browser,
}) => {
  const { invoice, dana } = await pair(stack, browser);
  dana.watch.expect(/ERR_|503|504/);
  await dana.postConfirmed("First.");
  // It never arrives: the service is out of reach, and the page is left.
  const lost = stack.front.refuse(changes("PATCH"));
  await edit(dana, "First.", "Second.");
  await form(dana).locator(".error").filter({ hasText: "could not be reached" }).waitFor();
  const idsOf = () =>
    dana.watch.requests
      .filter((request) => request.method() === "PATCH")
      .map((request) => request.postDataJSON().changeId);
  const [first] = idsOf();
  lost.end();
  await dana.come(() => dana.page.reload());
  await form(dana).locator(".error").filter({ hasText: "not confirmed" }).waitFor();
  assert.equal(await form(dana).locator("textarea").inputValue(), "Second.");
  await form(dana).getByRole("button", { name: "Save" }).click();
  await dana.comment("Second.").locator(".edited").waitFor();
  assert.equal(idsOf().at(-1), first);

  // It arrives, but its answer is lost: nothing is left in doubt.
  const swallowed = stack.front.loseAnswers(changes("PATCH"));
  await edit(dana, "Second.", "Third.");
  await until("it has arrived", async () =>
    (await stack.storedComments(invoice)).some(({ body }) => body === "Third."),
  );
  swallowed.end();
  await dana.come(() => dana.page.reload());
  await dana.comment("Third.").waitFor();
  assert.equal(await form(dana).count(), 0);
});

test("After a lost answer and a reload a resolve goes on under the same change id", async ({
  stack,
  browser,
}) => {
  const { dana } = await pair(stack, browser);
  dana.watch.expect(/ERR_/);
  const lost = stack.front.refuse(settlements);
  await dana.page.getByRole("button", { name: "Resolve" }).click();
  await dana.page.locator(".thread > .error").filter({ hasText: "not be reached" }).waitFor();
  lost.end();
  await dana.come(() => dana.page.reload());
  await dana.page.locator(".thread > .error").filter({ hasText: "not confirmed" }).waitFor();
  await dana.page.getByRole("button", { name: "Resolve" }).click();
  await settled(dana);
  const ids = dana.watch.requests
    .filter((request) => settlements.test(`POST ${new URL(request.url()).pathname}`))
    .map((request) => request.postDataJSON().changeId);
  assert.equal(ids.length, 2);
  assert.equal(new Set(ids).size, 1);
});

test("A draft of an edit survives a reload, and is given up by Cancel", async ({
  stack,
  browser,
}) => {
  const { dana } = await pair(stack, browser);
  await dana.postConfirmed("To be edited.");
  await act(dana, "To be edited.", "Edit");
  await form(dana).locator("textarea").fill("Half a sen");
  await dana.come(() => dana.page.reload());
  await form(dana).waitFor();
  assert.equal(await form(dana).locator("textarea").inputValue(), "Half a sen");
  await form(dana).getByRole("button", { name: "Cancel" }).click();
  await dana.come(() => dana.page.reload());
  assert.equal(await form(dana).count(), 0);
  assert.equal(await bodyOf(dana, "To be edited."), "To be edited.");
});

test("Two edits at once: the second is told what it says by now, and may replace it", async ({
  stack,
  browser,
}) => {
  const { invoice, dana } = await pair(stack, browser);
  dana.watch.expect(/412/);
  await dana.postConfirmed("Original.");
  const other = await browser.person("dana");
  await other.open(invoice);
  await act(dana, "Original.", "Edit");
  await form(dana).locator("textarea").fill("Mine.");
  await edit(other, "Original.", "Theirs.");
  await other.comment("Theirs.").locator(".edited").waitFor();
  await form(dana).getByRole("button", { name: "Save" }).click();
  await form(dana).locator(".error").filter({ hasText: "It now says: “Theirs.”" }).waitFor();
  assert.equal(await form(dana).locator("textarea").inputValue(), "Mine.");
  await form(dana).getByRole("button", { name: "Save" }).click();
  await other.comment("Mine.").waitFor();
  await dana.comment("Mine.").waitFor();
});

test("An edit of what is removed meanwhile keeps its text for a new comment", async ({
  stack,
  browser,
}) => {
  const { invoice, dana } = await pair(stack, browser);
  await dana.postConfirmed("Soon gone.");
  const other = await browser.person("dana");
  await other.open(invoice);
  await act(dana, "Soon gone.", "Edit");
  await form(dana).locator("textarea").fill("What I wanted to say.");
  await act(other, "Soon gone.", "Remove");
  await form(other).getByRole("button", { name: "Remove it" }).click();
  await form(dana).locator(".error").filter({ hasText: "has removed this comment" }).waitFor();
  await form(dana).getByRole("button", { name: "Write it as a new comment" }).click();
  assert.equal(await dana.body.inputValue(), "What I wanted to say.");
  assert.equal(await form(dana).count(), 0);
});

test("A thread is not resolved over a comment that one has not read", async ({
  stack,
  browser,
}) => {
  const { invoice, dana } = await pair(stack, browser);
  dana.watch.expect(/412/);
  const held = stack.front.holdAnswers(/\/events\b/);
  await stack.addComment(invoice, "priya", "Wait, one more thing.");
  await dana.page.getByRole("button", { name: "Resolve" }).click();
  await dana.page.locator(".thread > .error").filter({ hasText: "meanwhile" }).waitFor();
  await dana.comment("Wait, one more thing.").waitFor();
  assert.equal(await dana.page.locator("#thread-state.resolved").count(), 0);
  held.end();
  await dana.page.getByRole("button", { name: "Resolve" }).click();
  await settled(dana);
});

test("A thread is resolved right after one's own edit, before anything tells of it", async ({
  stack,
  browser,
}) => {
  const { dana } = await pair(stack, browser);
  await dana.postConfirmed("Almost done.");
  const held = stack.front.holdAnswers(/\/events\b/);
  await edit(dana, "Almost done.", "Done.");
  await dana.page.locator("li:not(.changing)").filter({ hasText: "Done." }).waitFor();
  await dana.comment("Done.").locator(".edited").waitFor();
  await dana.page.getByRole("button", { name: "Resolve" }).click();
  await settled(dana);
  assert.equal(await dana.page.locator(".thread > .error").innerText(), "");
  held.end();
});

test("An edit on an older page that is loaded arrives, by stream and with the stream cut", async ({
  stack,
  browser,
}) => {
  const invoice = await stack.newInvoice(1);
  const priya = await browser.person("priya");
  priya.watch.expect(/ERR_|events/);
  await priya.open(invoice);
  await priya.postConfirmed("An old one.");
  await stack.postComments(
    invoice,
    "alex",
    Array.from({ length: 45 }, (_, i) => `Filler ${i + 1}.`),
  );
  const dana = await browser.person("dana");
  dana.watch.expect(/ERR_|events/);
  await dana.open(invoice);
  await dana.scrollToOldest();
  const read = dana.comment("An old one.");
  await read.waitFor();
  await priya.come(() => priya.page.reload());
  await priya.scrollToOldest();
  await edit(priya, "An old one.", "An old one, edited.");
  await dana.comment("An old one, edited.").waitFor();

  const cut = stack.front.refuse(/\/events\b/);
  await until("a first poll", () => dana.requests(/^GET \/api\/invoices\/[^/]+\/comments$/).length);
  await edit(priya, "An old one, edited.", "An old one, edited twice.");
  await dana.page.bringToFront();
  await dana.comment("edited twice").waitFor();
  assert.ok(dana.requests(/\/changes\?after=/).length > 0, "the changes were asked for");
  cut.end();
});

test("By keyboard alone: a comment is edited and removed, and the focus is never lost", async ({
  stack,
  browser,
}) => {
  const { dana } = await pair(stack, browser);
  await dana.postConfirmed("By keys.");
  const focus = () => dana.page.evaluate(() => document.activeElement.textContent);
  await dana.comment("By keys.").getByRole("button", { name: "Edit" }).focus();
  await dana.page.keyboard.press("Enter");
  await dana.page.keyboard.press("End");
  await dana.page.keyboard.type(" Really.");
  await dana.page.keyboard.press("Control+Enter");
  await dana.comment("By keys. Really.").locator(".edited").waitFor();
  assert.notEqual(await dana.page.evaluate(() => document.activeElement.tagName), "BODY");
  await dana.comment("By keys.").getByRole("button", { name: "Remove" }).focus();
  await dana.page.keyboard.press("Enter");
  await dana.page.keyboard.press("Escape");
  assert.equal(await focus(), "Remove");

  dana.watch.expect(/500/);
  await dana.page.route("**/resolve", (route) => route.fulfill({ status: 500, body: "{}" }));
  await dana.page.getByRole("button", { name: "Resolve" }).focus();
  await dana.page.keyboard.press("Enter");
  await dana.page.locator(".thread > .error").filter({ hasText: "went wrong" }).waitFor();
  assert.equal(await focus(), "Resolve");
  await dana.page.unroute("**/resolve");
  await dana.page.keyboard.press("Enter");
  await settled(dana);
  assert.equal(await focus(), "Reopen");
});
