import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { Announcer } from "../src/announcer.ts";
import { News } from "../src/news.ts";
import { FakeTimers } from "./support/fake_timers.ts";

const A_WHILE_MS = 2_000;

let timers: FakeTimers;
let said: string[];
let news: News;

beforeEach(() => {
  timers = new FakeTimers();
  said = [];
  const announcer = new Announcer(null);
  announcer.say = (text) => said.push(text);
  news = new News(announcer);
});

afterEach(() => timers.restore());

test("one comment is told with its author", () => {
  news.add(1, "Priya");
  timers.advance(A_WHILE_MS);
  assert.deepEqual(said, ["New comment from Priya"]);
});

test("what arrives in one go is told in one sentence, and what comes later in another", () => {
  for (let n = 0; n < 25; n += 1) news.add(1, "Priya");
  timers.advance(A_WHILE_MS);
  news.add(2, "Sam");
  timers.advance(A_WHILE_MS);
  assert.deepEqual(said, ["25 new comments", "2 new comments"]);
});
