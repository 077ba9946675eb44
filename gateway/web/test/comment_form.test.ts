import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import type { QueryClient } from "@tanstack/query-core";
import { commentOf, FakeServer, problem } from "./support/fake_server.ts";
import {
  forgetStorage,
  openPage,
  press,
  shown,
  storage,
  submit,
  unsent,
} from "./support/live_page.ts";
import { find, fire } from "./support/page.ts";
import { quiet, until } from "./support/turns.ts";

let server: FakeServer;
let client: QueryClient;

function open(comments: number): void {
  server = new FakeServer(comments);
  client = openPage(server);
}

function leave(): void {
  fire(window, "pagehide");
  client.clear();
  client.unmount();
}

const textarea = () => find<HTMLTextAreaElement>("textarea");
const error = () => find(".error").textContent;
const posted = () => server.comments.map((comment) => `${comment.commentId} ${comment.body}`);

function refusePosts(response: () => Response): void {
  server.intercept = (request) => (request.startsWith("POST") ? response() : undefined);
}

afterEach(() => {
  leave();
  server.close();
  forgetStorage();
});

test("a blank comment is not sent", () => {
  open(1);
  submit(" \n ");
  assert.equal(error(), "The comment must not be blank.");
  assert.equal(textarea().getAttribute("aria-invalid"), "true");
  assert.deepEqual(server.requests, []);
});

test("each comment has an id of its own", async () => {
  open(0);
  submit("one");
  await until(() => shown()[0]?.sequence === 1);
  await quiet();
  submit("two");
  await until(() => shown()[0]?.sequence === 2);
  const [first, second] = server.comments;
  assert.equal(first?.commentId, "first-id");
  assert.match(second?.commentId ?? "", /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab]/);
});

test("after a reload the unconfirmed comment is above the thread, and is sent under the same id", async () => {
  open(1);
  refusePosts(() => problem(500));
  submit("hello");
  await until(() => unsent().length === 1);
  leave();
  server.intercept = undefined;
  client = openPage(server);
  assert.deepEqual(unsent(), ["hello"]);
  assert.match(find("#unsent .error").textContent, /not confirmed/);
  press("Post again");
  await until(() => shown()[0]?.sequence === 2);
  assert.deepEqual(posted().at(-1), "first-id hello");
  assert.deepEqual(unsent(), []);
  leave();
  client = openPage(server);
  assert.deepEqual(unsent(), []);
});

test("a comment whose answer was lost is not posted twice", async () => {
  open(1);
  refusePosts(() => {
    server.add({ ...commentOf(0, "dana"), commentId: "first-id", body: "hello" });
    throw new TypeError("connection reset");
  });
  submit("hello");
  // The thread is read again, and the comment found in it.
  await until(() => shown()[0]?.sequence === 2 && unsent().length === 0);
  assert.equal(error(), "");
  leave();
  client = openPage(server);
  assert.deepEqual(unsent(), []);
  assert.deepEqual(posted(), ["id-1 comment 1", "first-id hello"]);
});

test("edited without a change it is the same comment, with one it is another", async () => {
  open(1);
  refusePosts(() => problem(500));
  submit("hello");
  await until(() => unsent().length === 1);
  press("Edit");
  assert.equal(textarea().value, "hello");
  assert.deepEqual(unsent(), []);
  submit("hello");
  await until(() => unsent().length === 1);
  press("Edit");
  server.intercept = undefined;
  submit("hello, all");
  await until(() => shown()[0]?.sequence === 2);
  assert.notEqual(server.comments[1]?.commentId, "first-id");
});

test("a discarded comment is gone for good", async () => {
  open(1);
  refusePosts(() => problem(500));
  submit("hello");
  await until(() => unsent().length === 1);
  press("Discard");
  assert.deepEqual(unsent(), []);
  leave();
  client = openPage(server);
  assert.deepEqual(unsent(), []);
});

test("a draft is there again after a reload, until it is posted", async () => {
  open(1);
  textarea().value = "half a sen";
  fire(textarea(), "input");
  leave();
  client = openPage(server);
  assert.equal(textarea().value, "half a sen");
  submit("half a sentence");
  await until(() => shown()[0]?.sequence === 2);
  leave();
  client = openPage(server);
  assert.equal(textarea().value, "");
});

test("an input method's Enter sends nothing", () => {
  open(1);
  let sent = 0;
  find("#comment-form").addEventListener("submit", () => sent++);
  Object.assign(find("#comment-form"), { requestSubmit: () => sent++ });
  fire(textarea(), "keydown", { key: "Enter", ctrlKey: true, isComposing: true });
  assert.equal(sent, 0);
  fire(textarea(), "keydown", { key: "Enter", ctrlKey: true, isComposing: false });
  assert.equal(sent, 1);
});

test("characters are counted as the server counts them, and too many are kept and not sent", async () => {
  open(1);
  const left = () => find(".error + p").textContent;
  textarea().value = "\u{1F600}".repeat(9_999);
  fire(textarea(), "input");
  assert.equal(left(), "1 character left");
  const long = "\u{1F600}".repeat(10_007);
  submit(long);
  fire(textarea(), "input");
  assert.equal(left(), "7 characters too many");
  fire(find("#comment-form"), "submit");
  assert.match(error(), /at most 10,000 characters/);
  assert.equal(textarea().value, long);
  assert.deepEqual(server.requests, []);
});

test("an id that was used for another text is replaced, and one is told so", async () => {
  open(1);
  refusePosts(() => problem(409, "COMMENT_ID_REUSED"));
  submit("hello");
  await until(() => unsent().length === 1);
  assert.match(find("#unsent .error").textContent, /posted before with another text/);
  server.intercept = undefined;
  press("Post again");
  await until(() => shown()[0]?.sequence === 2);
  assert.notEqual(server.comments[1]?.commentId, "first-id");
  assert.deepEqual(unsent(), []);
});

test("what the server says of the text is said beside it", async () => {
  open(1);
  const errors = [{ field: "body", message: "must be at most 10,000 characters" }];
  refusePosts(() => problem(400, "INVALID", errors));
  submit("hello");
  await until(() => unsent().length === 1);
  assert.equal(
    find("#unsent .error").textContent,
    "The comment must be at most 10,000 characters.",
  );
  assert.deepEqual(unsent(), ["hello"]);
});

test("text written since the refused comment stays in the form", async () => {
  open(1);
  server.holding = true;
  refusePosts(() => problem(500));
  submit("hello");
  await until(() => server.held.length === 1);
  textarea().value = "next";
  server.holding = false;
  server.held[0]?.release();
  await until(() => unsent().length === 1);
  assert.equal(textarea().value, "next");
  press("Edit");
  assert.equal(textarea().value, "hello\n\nnext");
});

test("a second comment waits for the first, and both are sent in order", async () => {
  open(1);
  server.holding = true;
  submit("one");
  await until(() => server.held.length === 1);
  submit("two");
  await quiet();
  assert.equal(server.held.length, 1);
  assert.deepEqual(
    shown().map(({ isPending }) => isPending),
    [true, true, false],
  );
  server.holding = false;
  server.held[0]?.release();
  await until(() => shown()[0]?.sequence === 3);
  assert.deepEqual(
    posted()
      .slice(1)
      .map((line) => line.split(" ").at(-1)),
    ["one", "two"],
  );
});

test("storage that fails at every call changes nothing but what is remembered", async () => {
  storage.isBroken = true;
  try {
    open(1);
    textarea().value = "hel";
    fire(textarea(), "input");
    submit("hello");
    await until(() => shown()[0]?.sequence === 2);
    submit("again");
    await until(() => shown()[0]?.sequence === 3);
  } finally {
    storage.isBroken = false;
  }
});
