import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import type { QueryClient } from "@tanstack/query-core";
import { activityKeys, commentKeys } from "../src/comment_keys.ts";
import { commentOf, FakeServer, INVOICE, problem } from "./support/fake_server.ts";
import {
  counts,
  FakeEventSource,
  forgetStorage,
  openPage,
  press,
  shown,
  submit,
  unsent,
} from "./support/live_page.ts";
import { find, fire, look, placeTop } from "./support/page.ts";
import { quiet, until } from "./support/turns.ts";

let server: FakeServer;
let client: QueryClient;
// Every state of the list and of the counts that was ever on the page.
let states: { shown: ReturnType<typeof shown>; counts: string[] }[];

function open(comments: number): void {
  server = new FakeServer(comments);
  client = openPage(server);
  states = [];
  client.getQueryCache().subscribe(() => {
    queueMicrotask(() => states.push({ shown: shown(), counts: counts() }));
  });
}

function text(selector: string): string {
  return find(selector).textContent;
}

beforeEach(() => look({ visible: true, focused: true }));

afterEach(() => {
  fire(window, "pagehide");
  client.clear();
  client.unmount();
  server.close();
  forgetStorage();
});

test("the page that was rendered is taken over without a request", async () => {
  open(30);
  await quiet();
  assert.deepEqual(server.requests, []);
  assert.equal(shown().length, 20);
  assert.deepEqual(counts(), ["30"]);
  assert.equal(FakeEventSource.last.url.endsWith("/events?after=token-30"), true);
});

test("a comment by another appears with its count, and the summary is read with its token", async () => {
  open(3);
  FakeEventSource.last.open();
  FakeEventSource.last.tell(server.add(commentOf(0)));
  await until(() => shown()[0]?.sequence === 4);
  assert.deepEqual(counts(), ["4"]);
  await until(() => server.requests.length > 0);
  assert.deepEqual(server.take(/./), ["GET /invoices/INV-1042/summary?consistency=token-4"]);
  assert.equal(document.querySelector("#new-comments"), null);
});

test("what is edited or removed is read anew for the sidebar, and nothing else is", async () => {
  open(3);
  FakeEventSource.last.open();
  const isOld = () => client.getQueryState(activityKeys.list())?.isInvalidated;
  client.setQueryData(activityKeys.list(), server.page());
  const [comment = commentOf(3)] = server.page().comments;
  const removal = { time: comment.createTime, actor: comment.author, reason: "" };
  const tell = (kind: string, more: object, revision: number) => {
    const thread = { state: "OPEN", commentCount: 2, placeCount: 3, revision, etag: "" };
    const data = JSON.stringify({ comment: { ...comment, ...more }, thread });
    const event = Object.assign(new Event(kind), { data, lastEventId: `token-${revision}` });
    FakeEventSource.last.dispatchEvent(event);
  };
  let revision = 4;
  for (const [kind, more] of [
    ["comment_edited", { revision: 2, body: "other words" }],
    ["comment_removed", { revision: 2, body: "", removal }],
    ["comment_erased", { revision: 2, body: "", removal, erased: true }],
  ] as const) {
    revision += 1;
    tell(kind, more, revision);
    await until(() => isOld() === true);
    client.setQueryData(activityKeys.list(), server.page());
    tell(kind, more, revision);
    await quiet();
    assert.equal(isOld(), false, kind);
  }
});

test("c leads to the form, and types itself where one writes", () => {
  open(3);
  fire(document.body, "keydown", { key: "c" });
  assert.equal(document.activeElement, find("textarea"));
  find("#comments").focus();
  fire(find("textarea"), "keydown", { key: "n" });
  assert.equal(document.activeElement, find("#comments"));
});

test("a comment of one's own is shown at once and confirmed under the same id", async () => {
  open(3);
  server.holding = true;
  submit("hello");
  await until(() => shown()[0]?.isPending === true);
  const node = document.querySelector("#comments > li");
  assert.equal(shown()[0]?.id, "first-id");
  assert.deepEqual(counts(), ["4"]);
  await until(() => server.held.length === 1);
  server.holding = false;
  server.held[0]?.release();
  await until(() => shown()[0]?.sequence === 4);
  assert.equal(document.querySelector("#comments > li"), node);
  assert.equal(text("#announcer"), "Your comment is posted");
  await until(() => server.requests.some((request) => request.endsWith("/comments")));
});

test("the stream may tell of one's own comment before the answer", async () => {
  open(3);
  FakeEventSource.last.open();
  server.holding = true;
  submit("hello");
  await until(() => server.held.length === 1);
  FakeEventSource.last.tell(server.comments[3] ?? commentOf(0));
  await until(() => shown()[0]?.sequence === 4);
  server.holding = false;
  server.held[0]?.release();
  await until(() => text("#announcer") === "Your comment is posted");
  assert.deepEqual(
    shown().map((each) => each.sequence),
    [4, 3, 2, 1],
  );
  for (const state of states) {
    assert.equal(state.shown.filter((each) => each.id === "first-id").length <= 1, true);
  }
});

test("no count is ever behind the list", async () => {
  open(3);
  FakeEventSource.last.open();
  submit("hello");
  FakeEventSource.last.tell(commentOf(4));
  await until(() => server.requests.some((request) => request.includes("/summary")));
  await quiet();
  assert.equal(states.length > 0, true);
  for (const state of states) {
    const [lowest = 0] = state.counts.map(Number).sort((a, b) => a - b);
    assert.equal(lowest >= state.shown.length, true, JSON.stringify(state));
  }
});

test("a summary that counts fewer does not lower a count", async () => {
  open(3);
  server.intercept = (request) =>
    request.includes("/summary")
      ? new Response(`<section id="summary" data-count="1"></section>`)
      : undefined;
  FakeEventSource.last.tell(server.add(commentOf(0)));
  await until(() => find("#summary").getAttribute("data-count") === "1");
  assert.deepEqual(counts(), ["4"]);
});

test("a refused comment is taken out of the thread, stands above it, and is sent again under the same id", async () => {
  open(3);
  server.intercept = (request) => (request.startsWith("POST") ? problem(500) : undefined);
  submit("hello");
  await until(() => unsent().length === 1);
  assert.match(text("#unsent .error"), /went wrong on our side.*cannot be posted twice/);
  assert.match(text("#announcer"), /not posted/);
  assert.equal(find<HTMLTextAreaElement>("textarea").value, "");
  assert.equal(shown().length, 3);
  assert.deepEqual(counts(), ["3"]);

  server.intercept = undefined;
  press("Post again");
  await until(() => shown()[0]?.sequence === 4);
  assert.equal(shown()[0]?.id, "first-id");
  assert.deepEqual(unsent(), []);
});

test("a poll in flight when a comment is posted does not make it flicker", async () => {
  open(3);
  server.holding = true;
  void client.invalidateQueries({ queryKey: commentKeys.newest(INVOICE) });
  await until(() => server.held.length === 1);
  const poll = server.held[0];
  submit("hello");
  await until(() => server.held.length === 2);
  server.held[1]?.release();
  await until(() => shown()[0]?.sequence === 4);
  const from = states.findIndex((state) => state.shown[0]?.id === "first-id");
  server.holding = false;
  poll?.release();
  await quiet();
  assert.notEqual(from, -1);
  for (const state of states.slice(from)) assert.equal(state.shown[0]?.id, "first-id");
});

test("out of sight of the beginning, news are a pill that leads there", async () => {
  open(30);
  placeTop("comments", -500);
  FakeEventSource.last.tell(server.add(commentOf(0)));
  await until(() => document.querySelector("#new-comments") !== null);
  assert.equal(text("#new-comments"), "1 new comment");
  FakeEventSource.last.tell(server.add(commentOf(0)));
  await until(() => text("#new-comments") === "2 new comments");
  placeTop("comments", 100);
  find("#new-comments").click();
  await until(() => document.querySelector("#new-comments") === null);
});

test("a comment in doubt is given up when the stream tells that it was stored", async () => {
  open(3);
  FakeEventSource.last.open();
  server.intercept = (request) => (request.startsWith("POST") ? problem(503) : undefined);
  submit("hello");
  await until(() => unsent().length === 1);
  const stored = server.add({ ...commentOf(0, "dana"), commentId: "first-id", body: "hello" });
  FakeEventSource.last.tell(stored);
  await until(() => unsent().length === 0);
  assert.equal(text("#announcer"), "The comment was posted after all");
});
