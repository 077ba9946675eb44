import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { QueryClient } from "@tanstack/query-core";
import { followAttention } from "../src/attention.ts";
import { CommentsApi } from "../src/comments_api.ts";
import { commentsOf, factsOf, isAtNewest } from "../src/thread_pages.ts";
import { PAGES_MAX, POLL_INTERVAL_MS, ThreadQuery } from "../src/thread_query.ts";
import { commentOf, FakeServer, INVOICE, problem } from "./support/fake_server.ts";
import { FakeTimers } from "./support/fake_timers.ts";
import { look } from "./support/page.ts";
import { quiet, until } from "./support/turns.ts";

let server: FakeServer;
let client: QueryClient;
let query: ThreadQuery;
let timers: FakeTimers;
let isTopInView: boolean;

function open(comments: number, cursor = ""): void {
  server = new FakeServer(comments);
  client = new QueryClient();
  client.mount();
  const first = { invoiceId: INVOICE, cursor, page: server.page(cursor), etag: server.etag };
  query = new ThreadQuery(client, new CommentsApi(INVOICE), first, () => isTopInView);
  query.subscribe(() => {});
}

function sequences(): number[] {
  return commentsOf(query.thread).map((comment) => comment.sequence);
}

function assertRun(newest: number, oldest: number): void {
  const run = Array.from({ length: newest - oldest + 1 }, (_, index) => newest - index);
  assert.deepEqual(sequences(), run);
}

// So many arrive by the stream.
function arrive(count: number): void {
  for (let arrived = 0; arrived < count; arrived += 1) {
    const comment = server.add(commentOf(server.total + 1));
    query.happened({ kind: "comment", comment, totalSize: server.total }, server.token);
  }
}

function words(sequence: number): string | undefined {
  return commentsOf(query.thread).find((comment) => comment.sequence === sequence)?.body;
}

// The next so many requests that match are refused.
function refuse(pattern: RegExp, times: number, status = 503): void {
  let refusals = times;
  server.intercept = (request) => {
    if (!pattern.test(request) || refusals === 0) return undefined;
    refusals -= 1;
    return problem(status);
  };
}

async function loadAllOlder(): Promise<void> {
  while (query.result.hasNextPage) await query.loadOlder();
}

followAttention();

beforeEach(() => {
  look({ visible: true, focused: true });
  isTopInView = true;
  timers = new FakeTimers();
});

afterEach(() => {
  client.clear();
  client.unmount();
  server.close();
  timers.restore();
});

test("older pages cost a request each, and at most ten are kept", async () => {
  open(300);
  await loadAllOlder();
  assert.equal(server.requests.length, 14);
  assert.equal(query.thread.pages.length, PAGES_MAX);
  assertRun(200, 1);
  assert.ok(query.result.hasPreviousPage);
});

test("pages that were dropped come back, and none is repeated or skipped", async () => {
  open(300);
  await loadAllOlder();
  server.requests.length = 0;
  while (query.result.hasPreviousPage) await query.loadNewer();
  assert.equal(server.requests.length, 5);
  assert.equal(query.thread.pages.length, PAGES_MAX);
  assertRun(300, 101);
  assert.ok(isAtNewest(query.thread));
});

test("what arrives while the newest pages are dropped is there when they come back", async () => {
  open(300);
  isTopInView = false;
  await loadAllOlder();
  const stored = server.add(commentOf(0));
  query.happened({ kind: "comment", comment: stored, totalSize: stored.sequence }, "token-301");
  assertRun(200, 1);
  while (query.result.hasPreviousPage) await query.loadNewer();
  assert.equal(sequences()[0], 301);
});

test("a comment that arrives while a page is read is not lost", async () => {
  open(60);
  server.holding = true;
  const load = query.loadOlder();
  await until(() => server.held.length === 1);
  const stored = server.add(commentOf(0));
  query.happened({ kind: "comment", comment: stored, totalSize: stored.sequence }, "token-61");
  server.held[0]?.release();
  await load;
  assertRun(61, 21);
});

test("a page that is asked for twice is read once", async () => {
  open(60);
  await Promise.all([query.loadOlder(), query.loadOlder()]);
  assert.equal(server.requests.length, 1);
});

test("a poll of an unchanged thread is one conditional read, however much is loaded", async () => {
  open(300);
  await loadAllOlder();
  server.requests.length = 0;
  let statuses = 0;
  const realFetch = globalThis.fetch;
  globalThis.fetch = async (...request) => {
    const response = await realFetch(...request);
    if (response.status === 304) statuses += 1;
    return response;
  };
  query.setPolling(true);
  timers.advance(POLL_INTERVAL_MS);
  await until(() => statuses === 1);
  await quiet();
  globalThis.fetch = realFetch;
  assert.deepEqual(server.requests, [`GET /api/invoices/${INVOICE}/comments`]);
});

test("a poll brings what is new", async () => {
  open(30);
  query.setPolling(true);
  server.add(commentOf(0));
  timers.advance(POLL_INTERVAL_MS);
  await until(() => sequences()[0] === 31);
  assertRun(31, 11);
});

test("a stream that breaks again and again does not put the poll off", async () => {
  open(30);
  for (let waited = 0; waited < POLL_INTERVAL_MS; waited += POLL_INTERVAL_MS / 4) {
    query.setPolling(true);
    timers.advance(POLL_INTERVAL_MS / 4);
  }
  await until(() => server.requests.length === 1);
});

test("nothing is polled while the tab is hidden or not focused, nor while the stream is up", async () => {
  open(30);
  query.setPolling(true);
  look({ focused: false });
  timers.advance(3 * POLL_INTERVAL_MS);
  look({ focused: true, visible: false });
  timers.advance(3 * POLL_INTERVAL_MS);
  await quiet();
  assert.deepEqual(server.requests, []);

  look({ visible: true });
  await until(() => server.requests.length === 1);
  await quiet();
  query.setPolling(false);
  timers.advance(3 * POLL_INTERVAL_MS);
  look({ focused: false });
  look({ focused: true });
  await quiet();
  assert.equal(server.requests.length, 1);
});

test("a poll that finds more than joins what is loaded takes its place at the beginning", async () => {
  open(30);
  for (let count = 0; count < 50; count += 1) server.add(commentOf(0));
  await query.invalidate();
  assertRun(80, 61);
});

test("further down, what one reads stays, and the newest are a request away", async () => {
  open(30);
  isTopInView = false;
  for (let count = 0; count < 50; count += 1) server.add(commentOf(0));
  await query.invalidate();
  assertRun(30, 11);
  assert.ok(query.result.hasPreviousPage);
  await query.showNewest();
  assertRun(80, 61);
});

test("a page opened at a cursor leads both ways", async () => {
  open(60, "older:41");
  assertRun(40, 21);
  await query.loadNewer();
  assertRun(60, 21);
  await query.loadOlder();
  assertRun(60, 1);
  assert.equal(query.result.hasPreviousPage, false);
});

test("a comment posted from an older page is shown above the newest ones, and taken back from there", async () => {
  open(60, "older:41");
  const pending = { ...commentOf(0, "dana"), commentId: "own" };
  await query.begin(pending);
  await until(() => sequences()[1] === 60);
  assert.equal(sequences()[0], 0);
  assert.ok(query.withdraw("own"));
  assertRun(40, 21);
});

test("a post stops the reads that are under way, and they can be made again", async () => {
  open(60);
  server.holding = true;
  void query.loadOlder().catch(() => {});
  await until(() => server.held.length === 1);
  await query.begin({ ...commentOf(0, "dana"), commentId: "own" });
  assert.equal(query.result.isFetching, false);
  server.holding = false;
  await query.loadOlder();
  assert.deepEqual(sequences().slice(0, 2), [0, 60]);
  assert.equal(sequences().length, 41);
});

test("a read that failed in passing is tried again", async () => {
  open(60);
  let failures = 1;
  server.intercept = () => (failures-- > 0 ? new Response("", { status: 503 }) : undefined);
  const load = query.loadOlder();
  await until(() => server.requests.length === 1);
  await quiet();
  timers.advance(1_000);
  await load;
  assertRun(60, 21);
});

test("a poll tells of what was removed below the newest page, also where that page alone has grown", async () => {
  open(20);
  arrive(5);
  query.setPolling(true);
  server.remove(1);
  timers.advance(POLL_INTERVAL_MS);
  await until(() => words(1) === "");
  assertRun(25, 1);
});

test("a poll that finds all that is loaded on the newest page asks for nothing else", async () => {
  open(20);
  query.setPolling(true);
  server.remove(1);
  timers.advance(POLL_INTERVAL_MS);
  await until(() => words(1) === "");
  await quiet();
  assert.equal(server.requests.length, 1);
});

test("what is read anew is all that is loaded, also where the newest page alone has grown", async () => {
  open(20);
  arrive(5);
  server.remove(1);
  assert.equal(await query.resync(), server.token);
  assert.equal(words(1), "");
  assertRun(25, 1);
});

test("what is read anew is all that is loaded, also where another page has grown", async () => {
  open(60, "older:41");
  await query.loadNewer();
  arrive(30);
  server.remove(65);
  await query.resync();
  assert.equal(words(65), "");
  assertRun(90, 21);
});

test("what is read anew further up is read from where it is loaded", async () => {
  open(30);
  isTopInView = false;
  while (server.total < 230) server.add(commentOf(server.total + 1));
  server.remove(15);
  await query.resync();
  assert.equal(words(15), "");
  assertRun(30, 11);
  assert.equal(server.requests.length, 3);
});

test("changes that could not be read are asked for again, though nothing happens since", async () => {
  open(20);
  arrive(5);
  query.setPolling(true);
  server.remove(1);
  refuse(/changes/, 2);
  timers.advance(POLL_INTERVAL_MS);
  await until(() => server.take(/changes/).length === 1);
  await quiet();
  assert.equal(words(1), "comment 1");
  timers.advance(POLL_INTERVAL_MS);
  await until(() => server.take(/changes/).length === 1);
  await quiet();
  timers.advance(POLL_INTERVAL_MS);
  await until(() => words(1) === "");
  await quiet();
  server.requests.length = 0;
  timers.advance(POLL_INTERVAL_MS);
  await quiet();
  assert.deepEqual(server.take(/changes/), []);
});

test("whose changes are retained no longer is read anew", async () => {
  open(20);
  arrive(5);
  server.remove(1);
  refuse(/changes/, 1, 410);
  await query.catchUp();
  assert.equal(words(1), "");
  server.requests.length = 0;
  timers.advance(POLL_INTERVAL_MS);
  await quiet();
  assert.deepEqual(server.requests, []);
});

test("whoever is signed out does not ask for changes again", async () => {
  open(20);
  refuse(/./, 10, 401);
  await query.catchUp();
  timers.advance(10 * POLL_INTERVAL_MS);
  await quiet();
  assert.equal(server.requests.length, 1);
});

test("what was missed is read from where it was, whatever is told meanwhile", async () => {
  open(20);
  server.remove(5);
  refuse(/changes/, 1);
  void query.catchUp();
  arrive(1);
  await until(() => server.requests.length === 1);
  await quiet();
  arrive(1);
  timers.advance(POLL_INTERVAL_MS);
  await until(() => words(5) === "");
  assertRun(22, 1);
});

test("what is missed while changes are read is read as well", async () => {
  open(20);
  server.holding = true;
  const caughtUp = query.catchUp();
  await until(() => server.held.length === 1);
  server.remove(5);
  void query.catchUp();
  server.holding = false;
  server.held[0]?.release();
  await caughtUp;
  assert.equal(words(5), "");
});

test("an older telling of a comment does not take back a later one", async () => {
  open(60);
  const added = { ...commentOf(30), body: "edited", revision: 2 };
  const { comment: removed = added } = server.remove(30);
  server.comments[29] = commentOf(30);
  query.changed({ ...removed, revision: 2 });
  query.changed(added);
  await query.loadOlder();
  assert.equal(words(30), "");
});

test("what is removed while a post from an older page is under way is gone when that fails", async () => {
  open(60, "older:41");
  await query.begin({ ...commentOf(0, "dana"), commentId: "own" });
  query.happened(server.remove(30), server.token);
  assert.ok(query.withdraw("own"));
  assertRun(40, 21);
  assert.equal(words(30), "");
});

test("the same is so where nothing but polls tells of it", async () => {
  open(60, "older:41");
  query.setPolling(true);
  await query.begin({ ...commentOf(0, "dana"), commentId: "own" });
  server.remove(30);
  await query.invalidate();
  assert.ok(query.withdraw("own"));
  await until(() => words(30) === "");
  assertRun(40, 21);
});

test("what is removed while the page that one goes to is read is gone", async () => {
  open(60);
  server.holding = true;
  const arrival = query.showPage("older:41");
  await until(() => server.held.length === 1);
  query.happened(server.remove(30), server.token);
  query.settled(server.facts, server.token);
  server.held[0]?.release();
  await arrival;
  assertRun(40, 21);
  assert.equal(words(30), "");
  assert.equal(factsOf(query.thread)?.commentCount, 59);
});

test("what is removed while the newest page is read is gone", async () => {
  open(60, "older:41");
  server.holding = true;
  const arrival = query.showNewest();
  await until(() => server.held.length === 1);
  query.happened(server.remove(50), server.token);
  server.held[0]?.release();
  await arrival;
  assertRun(60, 21);
  assert.equal(words(50), "");
});

test("an older page that is being read when the newest takes the place of all leaves no gap", async () => {
  open(30);
  server.holding = true;
  const load = query.loadOlder();
  await until(() => server.held.length === 1);
  server.holding = false;
  while (server.total < 80) server.add(commentOf(server.total + 1));
  await query.invalidate();
  server.held[0]?.release();
  await load;
  assertRun(80, 61);
  await query.loadOlder();
  assertRun(80, 41);
});

test("after one's own comment, what is known of the thread is read before it is settled", async () => {
  open(3);
  const comment = server.add({ ...commentOf(0, "dana"), commentId: "own" });
  query.confirm({ comment, consistencyToken: server.token });
  await query.knowsOwnChanges();
  assert.equal(factsOf(query.thread)?.revision, server.facts.revision);
});

test("after two comments of one's own, to be told of the first is not to know both", async () => {
  open(3);
  const tokens: string[] = [];
  const comments = ["first", "second"].map((commentId) => {
    const comment = server.add({ ...commentOf(0, "dana"), commentId });
    tokens.push(server.token);
    return { comment, facts: { ...server.facts } };
  });
  for (const [at, { comment }] of comments.entries()) {
    query.confirm({ comment, consistencyToken: tokens[at] ?? "" });
  }
  const [told] = comments;
  if (told === undefined) throw new Error("nothing was posted");
  query.happened({ kind: "comment_added", comment: told.comment, thread: told.facts }, "told");
  await query.knowsOwnChanges();
  assert.equal(factsOf(query.thread)?.revision, server.facts.revision);
});

test("what one has left is not shown again once all else was read anew", async () => {
  open(60, "older:41");
  await query.begin({ ...commentOf(0, "dana"), commentId: "own" });
  server.remove(30);
  await query.resync();
  assert.ok(query.withdraw("own"));
  assertRun(60, 41);
});

test("one's own comment in front of all is shown once on the page that one goes to", async () => {
  open(60);
  await query.begin({ ...commentOf(0, "dana"), commentId: "own" });
  server.add(commentOf(61));
  const comment = server.add({ ...commentOf(0, "dana"), commentId: "own" });
  query.confirm({ comment, consistencyToken: server.token });
  assert.deepEqual(sequences().slice(0, 2), [62, 60]);
  await query.showPage("newer:60");
  assertRun(62, 61);
});
