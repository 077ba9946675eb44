import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { CommentsApi } from "../src/comments_api.ts";
import { MARK_EVERY_MS, ReadMark } from "../src/read_mark.ts";
import { FakeServer, INVOICE } from "./support/fake_server.ts";
import { FakeTimers } from "./support/fake_timers.ts";
import "./support/page.ts";

let server: FakeServer;
let timers: FakeTimers;

beforeEach(() => {
  timers = new FakeTimers();
  server = new FakeServer(0);
});

afterEach(() => {
  server.close();
  timers.restore();
});

test("what is seen is told at once, and what follows only every few seconds, the newest of it", () => {
  const mark = new ReadMark(new CommentsApi(INVOICE), 3);
  mark.seen(3);
  mark.seen(2);
  assert.deepEqual(server.marks, []);
  for (const sequence of [4, 5, 6, 5]) mark.seen(sequence);
  assert.deepEqual(server.marks, [4]);
  timers.advance(MARK_EVERY_MS);
  assert.deepEqual(server.marks, [4, 6]);
  timers.advance(MARK_EVERY_MS * 3);
  assert.deepEqual(server.marks, [4, 6]);
  mark.seen(7);
  assert.deepEqual(server.marks, [4, 6, 7]);
  assert.equal(mark.sequence, 3);
});

test("what was seen last is told when one leaves", () => {
  const mark = new ReadMark(new CommentsApi(INVOICE), 3);
  for (const sequence of [4, 5]) mark.seen(sequence);
  window.dispatchEvent(new window.Event("pagehide"));
  assert.deepEqual(server.marks, [4, 5]);
  window.dispatchEvent(new window.Event("pagehide"));
  timers.advance(MARK_EVERY_MS);
  assert.deepEqual(server.marks, [4, 5]);
});
