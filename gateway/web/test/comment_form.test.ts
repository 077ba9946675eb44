import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import type { QueryClient } from "@tanstack/query-core";
import { commentOf, FakeServer, problem } from "./support/fake_server.ts";
import { forgetStorage, openPage, shown, submit } from "./support/live_page.ts";
import { find, fire } from "./support/page.ts";
import { quiet, until } from "./support/turns.ts";

let server: FakeServer;
let client: QueryClient;

function open(comments: number): void {
  server = new FakeServer(comments);
  client = openPage(server);
}

function leave(): void {
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

test("after a reload the unconfirmed text is back, and is sent under the same id", async () => {
  open(1);
  refusePosts(() => problem(500));
  submit("hello");
  await until(() => error() !== "");
  leave();
  server.intercept = undefined;
  client = openPage(server);
  assert.equal(textarea().value, "hello");
  assert.match(find(".form-note").textContent, /not confirmed/);
  submit(textarea().value);
  await until(() => shown()[0]?.sequence === 2);
  assert.deepEqual(posted().at(-1), "first-id hello");
  leave();
  client = openPage(server);
  assert.equal(textarea().value, "");
});

test("a comment whose answer was lost is not posted twice", async () => {
  open(1);
  refusePosts(() => {
    server.add({ ...commentOf(0, "dana"), commentId: "first-id", body: "hello" });
    throw new TypeError("connection reset");
  });
  submit("hello");
  // The thread is read again, and the comment found in it.
  await until(() => shown()[0]?.sequence === 2 && textarea().value === "");
  assert.equal(error(), "");
  leave();
  client = openPage(server);
  assert.equal(textarea().value, "");
  assert.deepEqual(posted(), ["id-1 comment 1", "first-id hello"]);
});

test("another text is another comment", async () => {
  open(1);
  refusePosts(() => problem(500));
  submit("hello");
  await until(() => error() !== "");
  server.intercept = undefined;
  submit("hello, all");
  await until(() => shown()[0]?.sequence === 2);
  assert.notEqual(server.comments[1]?.commentId, "first-id");
});

test("an id that was used for another text is replaced, and one is told so", async () => {
  open(1);
  refusePosts(() => problem(409, "COMMENT_ID_REUSED"));
  submit("hello");
  await until(() => error() !== "");
  assert.match(error(), /posted before with another text/);
  server.intercept = undefined;
  submit("hello");
  await until(() => shown()[0]?.sequence === 2);
  assert.notEqual(server.comments[1]?.commentId, "first-id");
});

test("what the server says of the text is said beside it", async () => {
  open(1);
  const errors = [{ field: "body", message: "must be at most 10,000 characters" }];
  refusePosts(() => problem(400, "INVALID", errors));
  submit("hello");
  await until(() => error() !== "");
  assert.equal(error(), "The comment must be at most 10,000 characters.");
  assert.equal(textarea().getAttribute("aria-invalid"), "true");
  assert.equal(textarea().value, "hello");
});

test("text written since the refused comment stays below it", async () => {
  open(1);
  server.holding = true;
  refusePosts(() => problem(500));
  submit("hello");
  await until(() => server.held.length === 1);
  assert.equal(textarea().value, "");
  textarea().value = "next";
  server.holding = false;
  server.held[0]?.release();
  await until(() => error() !== "");
  assert.equal(textarea().value, "hello\n\nnext");
});

test("nothing is sent twice while it is being sent", async () => {
  open(1);
  server.holding = true;
  submit("hello");
  await until(() => server.held.length === 1);
  assert.equal(find("#comment-form button").getAttribute("aria-disabled"), "true");
  fire(find("#comment-form"), "submit");
  server.holding = false;
  server.held[0]?.release();
  await until(() => shown()[0]?.sequence === 2);
  assert.equal(server.total, 2);
  assert.equal(find("#comment-form button").getAttribute("aria-disabled"), "false");
});
