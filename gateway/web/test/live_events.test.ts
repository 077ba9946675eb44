import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { ApiError } from "../src/api_error.ts";
import { LiveEvents, type LiveState } from "../src/live_events.ts";
import { commentOf } from "./support/fake_server.ts";
import { FakeTimers } from "./support/fake_timers.ts";
import { FakeEventSource } from "./support/live_page.ts";
import { fire, look } from "./support/page.ts";
import { quiet } from "./support/turns.ts";

const A_MINUTE_MS = 60_000;
const HEARTBEAT_MS = 15_000;

let timers: FakeTimers;
let states: LiveState[];
let heard: string[];
let resyncs: number;
let resyncError: ApiError | undefined;
let tests = 0;

beforeEach(() => {
  look({ visible: true, focused: true });
  timers = new FakeTimers();
  tests += 1;
  states = [];
  heard = [];
  resyncs = 0;
  resyncError = undefined;
  const test = tests;
  // Those of earlier tests still follow the window.
  const isNow = () => test === tests;
  new LiveEvents({ path: `/events/${tests}`, key: "stream" }, "token-0", {
    happened: ({ comment, totalSize }, token) =>
      heard.push(`${comment?.sequence} of ${totalSize}, ${token}`),
    joined: () => assert.fail("there is no other window"),
    state: (state) => {
      if (isNow()) states.push(state);
    },
    resync: async () => {
      if (!isNow()) throw ApiError.signedOut();
      resyncs += 1;
      if (resyncError !== undefined) throw resyncError;
      return "token-new";
    },
  }).start();
});

afterEach(() => {
  fire(window, "pagehide");
  timers.restore();
});

// Streams of earlier tests come and go with the tab as well.
function opened(): FakeEventSource[] {
  return FakeEventSource.opened.filter((source) => source.url.startsWith(`/events/${tests}?`));
}

function stream(): FakeEventSource {
  return opened().at(-1) ?? assert.fail("no stream was opened");
}

test("events after what is on the page are heard", () => {
  assert.equal(stream().url, `/events/${tests}?after=token-0`);
  stream().open();
  stream().tell(commentOf(7));
  assert.deepEqual(states, ["live"]);
  assert.deepEqual(heard, ["7 of 7, token-7"]);
});

test("a stream that breaks is left to the browser", () => {
  stream().open();
  stream().break();
  stream().open();
  assert.deepEqual(states, ["live", "down", "live"]);
  timers.advance(HEARTBEAT_MS);
  assert.equal(opened().length, 1);
});

test("a stream that says nothing for two heartbeats is down, and opened anew", () => {
  stream().open();
  for (let beat = 0; beat < 5; beat += 1) {
    timers.advance(HEARTBEAT_MS);
    stream().dispatchEvent(Object.assign(new Event("heartbeat"), { lastEventId: `beat-${beat}` }));
  }
  assert.deepEqual(states, ["live"]);
  timers.advance(2 * HEARTBEAT_MS);
  assert.deepEqual(states, ["live", "down"]);
  timers.advance(1_000);
  assert.equal(opened()[0]?.readyState, FakeEventSource.CLOSED);
  assert.equal(opened().length, 2);
  stream().open();
  assert.deepEqual(states, ["live", "down", "live"]);
});

test("a stream that is never answered is down, and opened anew", () => {
  timers.advance(HEARTBEAT_MS);
  assert.deepEqual(states, ["down"]);
  assert.equal(resyncs, 0);
  assert.equal(opened().length, 2);
});

test("focus and a network that is back wake a stream that is down, and leave a live one alone", () => {
  stream().open();
  fire(window, "online");
  assert.equal(opened().length, 1);
  stream().break();
  fire(window, "online");
  assert.equal(opened().length, 2);
  stream().break();
  look({ focused: true });
  assert.equal(opened().length, 3);
  assert.equal(resyncs, 0);
});

test("a stale stream is as good as none", () => {
  stream().open();
  stream().dispatchEvent(new Event("stale"));
  stream().dispatchEvent(new Event("current"));
  assert.deepEqual(states, ["live", "down", "live"]);
});

test("a stream that is refused for now is never called live, and attempts become rarer", () => {
  const attempts: number[] = [];
  let known = 0;
  for (let minute = 0; minute < 4; minute += 1) {
    for (let second = 0; second < 60; second += 1) {
      // The server asks for more patience than the page has.
      for (const source of opened().slice(known)) source.refuseForNow();
      known = opened().length;
      timers.advance(1_000);
    }
    attempts.push(known);
  }
  assert.ok(!states.includes("live"), String(states));
  const [first = 0, , third = 0, last = 0] = attempts;
  assert.ok(first > last - third, String(attempts));
  assert.ok(last - third >= 1 && last - third <= 3, String(attempts));
});

test("a stream that is refused is opened again after the thread was read anew", async () => {
  stream().refuse();
  assert.deepEqual(states, ["down"]);
  timers.advance(A_MINUTE_MS);
  await quiet();
  assert.equal(resyncs, 1);
  assert.equal(opened().length, 2);
  assert.equal(stream().url, `/events/${tests}?after=token-new`);
});

test("while the thread cannot be read, the attempts become rarer", async () => {
  resyncError = new ApiError(503, "UNAVAILABLE", "away");
  stream().refuse();
  const attempts: number[] = [];
  for (let minute = 0; minute < 4; minute += 1) {
    for (let second = 0; second < 60; second += 1) {
      timers.advance(1_000);
      await quiet();
    }
    attempts.push(resyncs);
    resyncs = 0;
  }
  const [first = 0, , , last = 0] = attempts;
  assert.ok(first > last, String(attempts));
  assert.ok(last >= 2 && last <= 4, String(attempts));
});

test("whoever is signed out is told so and asks no more", async () => {
  resyncError = new ApiError(401, "UNAUTHENTICATED", "expired");
  stream().refuse();
  timers.advance(A_MINUTE_MS);
  await quiet();
  timers.advance(A_MINUTE_MS);
  await quiet();
  assert.deepEqual(states, ["down", "signed-out"]);
  assert.equal(resyncs, 1);
});

test("whoever has signed in again elsewhere and comes back is live again", async () => {
  resyncError = ApiError.signedOut();
  stream().refuse();
  timers.advance(A_MINUTE_MS);
  await quiet();
  resyncError = undefined;
  look({ focused: true });
  await quiet();
  stream().open();
  assert.deepEqual(states, ["down", "signed-out", "live"]);
});

test("a tab that nobody looks at gives its connection back, and goes on where it was", () => {
  stream().open();
  stream().tell(commentOf(7));
  look({ visible: false });
  timers.advance(A_MINUTE_MS);
  assert.equal(stream().readyState, FakeEventSource.CLOSED);
  look({ visible: true });
  assert.equal(opened().length, 2);
  assert.equal(stream().url, `/events/${tests}?after=token-7`);
});

test("a glance at another tab changes nothing", () => {
  look({ visible: false });
  timers.advance(1_000);
  look({ visible: true });
  timers.advance(5_000);
  assert.equal(opened().length, 1);
});
