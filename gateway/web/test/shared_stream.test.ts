import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { SharedStream } from "../src/shared_stream.ts";
import { FakeEventSource } from "./support/live_page.ts";
import { until } from "./support/turns.ts";

const NAMES = ["open", "error", "stale", "current", "joined", "comment"];

// Whether the window under test gets what it asks for, to hold the stream.
let isFirst: boolean;
let stream: SharedStream;
let told: string[];
// The other window, and what it hears.
let other: BroadcastChannel;
let heard: { name: string; isReply?: boolean }[];
let tests = 0;

type Lock = (lock: object) => Promise<unknown>;

Object.assign(globalThis.navigator, {
  locks: {
    request: async (_name: string, _options: object, held: Lock) =>
      isFirst ? held({}) : undefined,
  },
});

function open(first: boolean): void {
  isFirst = first;
  stream = new SharedStream(`stream-${tests}`, () => "/events");
  for (const name of NAMES) stream.addEventListener(name, () => told.push(name));
}

beforeEach(() => {
  tests += 1;
  told = [];
  heard = [];
  other = new BroadcastChannel(`stream-${tests}`);
  other.onmessage = ({ data }) => heard.push(data);
});

afterEach(() => {
  stream.close();
  other.close();
});

test("what is told before one has joined is left to be read then, and nothing after", async () => {
  open(false);
  await until(() => heard.some(({ name }) => name === "ask"));
  other.postMessage({ name: "comment", data: "{}", lastEventId: "token-1" });
  other.postMessage({ name: "current", isReply: true });
  other.postMessage({ name: "comment", data: "{}", lastEventId: "token-2" });
  await until(() => told.includes("comment"));
  assert.deepEqual(told, ["current", "joined", "comment"]);
});

test("a window that joins is told that the stream is current only when it is", async () => {
  open(true);
  await until(() => FakeEventSource.opened.length === 1);
  for (const name of ["open", "current", "stale"]) {
    FakeEventSource.last.dispatchEvent(new Event(name));
    heard.length = 0;
    other.postMessage({ name: "ask" });
    await until(() => heard.some(({ isReply }) => isReply));
    assert.equal(heard.find(({ isReply }) => isReply)?.name, name);
  }
});
