import assert from "node:assert/strict";
import { test } from "node:test";
import type { Comment, CommentPage, Thread } from "../src/comment.ts";
import {
  commentsOf,
  isAtNewest,
  newestSequence,
  PAGE_ZERO_COMMENTS_MAX,
  pendingOf,
  threadOf,
  totalOf,
  withArrived,
  withNewestPage,
  withoutPending,
  withPending,
  withReadPages,
} from "../src/thread_pages.ts";
import { commentOf } from "./support/fake_server.ts";

const OWN = "own";

// The page of these numbers, newest first, of a thread that long.
function pageOf(newest: number, oldest: number, totalSize = newest): CommentPage {
  const comments: Comment[] = [];
  for (let sequence = newest; sequence >= oldest; sequence -= 1) comments.push(commentOf(sequence));
  return {
    comments,
    nextCursor: oldest > 1 ? `older:${oldest}` : "",
    previousCursor: `newer:${newest}`,
    totalSize,
    consistencyToken: `token-${totalSize}`,
  };
}

function own(sequence: number): Comment {
  return { ...commentOf(sequence, "dana"), commentId: OWN };
}

function sequences(thread: Thread): number[] {
  return commentsOf(thread).map((comment) => comment.sequence);
}

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item, index) =>
    permutations(items.filter((_, other) => other !== index)).map((rest) => [item, ...rest]),
  );
}

test("response, stream and polls make the same thread in any order", () => {
  const steps: Record<string, (thread: Thread) => Thread> = {
    response: (thread) => withArrived(thread, own(4), 4).thread,
    "stream tells of another's": (thread) => withArrived(thread, commentOf(3), 3).thread,
    "stream tells of one's own": (thread) => withArrived(thread, own(4), 4).thread,
    "old poll": (thread) => withNewestPage(thread, pageOf(2, 1)).thread,
    "new poll": (thread) => {
      const page = pageOf(4, 1);
      return withNewestPage(thread, { ...page, comments: [own(4), ...page.comments.slice(1)] })
        .thread;
    },
  };
  for (const order of permutations(Object.keys(steps))) {
    let thread = withPending(threadOf(pageOf(2, 1)), own(0));
    for (const step of order) {
      thread = steps[step]?.(thread) ?? thread;
      const ids = commentsOf(thread).map((comment) => comment.commentId);
      assert.equal(ids.filter((id) => id === OWN).length, 1, `once after ${step} of ${order}`);
      assert.equal(ids[0], OWN, `in front after ${step} of ${order}`);
    }
    assert.deepEqual(sequences(thread), [4, 3, 2, 1], order.join());
    assert.ok(isAtNewest(thread));
    assert.deepEqual(pendingOf(thread), []);
  }
});

test("a comment stored ahead of one that is still to be heard of stays where it is shown", () => {
  const pending = withPending(threadOf(pageOf(2, 1)), own(0));
  const stored = withArrived(pending, own(4), 4);
  assert.equal(stored.joined, false);
  assert.deepEqual(sequences(stored.thread), [4, 2, 1]);
  assert.equal(isAtNewest(stored.thread), false);
  assert.deepEqual(sequences(withArrived(stored.thread, commentOf(3), 3).thread), [4, 3, 2, 1]);
});

test("what does not join what is loaded only raises the total", () => {
  const { thread, joined } = withNewestPage(threadOf(pageOf(20, 1)), pageOf(60, 41));
  assert.equal(joined, false);
  assert.equal(totalOf(thread), 60);
  assert.equal(newestSequence(thread), 20);
});

test("an older answer takes nothing back", () => {
  const thread = threadOf(pageOf(30, 11));
  const merge = withNewestPage(thread, pageOf(25, 6, 25));
  assert.ok(merge.joined);
  assert.deepEqual(sequences(merge.thread).slice(0, 2), [30, 29]);
  assert.equal(totalOf(merge.thread), 30);
});

test("an empty thread takes its first comment", () => {
  const empty = threadOf({ ...pageOf(0, 1), nextCursor: "", previousCursor: "" });
  assert.deepEqual(sequences(withArrived(empty, commentOf(1), 1).thread), [1]);
});

test("page zero does not grow beyond its limit", () => {
  let thread = threadOf(pageOf(20, 1));
  for (let sequence = 21; sequence <= PAGE_ZERO_COMMENTS_MAX; sequence += 1) {
    thread = withArrived(thread, commentOf(sequence), sequence).thread;
  }
  const next = PAGE_ZERO_COMMENTS_MAX + 1;
  const merge = withArrived(thread, commentOf(next), next);
  assert.equal(merge.joined, false);
  assert.equal(commentsOf(merge.thread).length, PAGE_ZERO_COMMENTS_MAX);
  assert.equal(totalOf(merge.thread), next);
});

test("a read that began before a comment arrived does not lose it", () => {
  const before = threadOf(pageOf(40, 21));
  const read = { pages: [...before.pages, pageOf(20, 1, 40)], pageParams: ["", "older:21"] };
  const current = withPending(withArrived(before, commentOf(41), 41).thread, own(0));
  const thread = withReadPages(current, read);
  assert.deepEqual(sequences(thread).slice(0, 4), [0, 41, 40, 39]);
  assert.equal(commentsOf(thread).length, 42);
});

test("a read that began before a comment was taken back does not bring it back", () => {
  const start = threadOf(pageOf(40, 21));
  const during = withPending(start, own(0));
  const read = { pages: [...during.pages, pageOf(20, 1, 40)], pageParams: ["", "older:21"] };
  assert.deepEqual(pendingOf(withReadPages(withoutPending(during, OWN), read)), []);
});

test("an overlapping page of newer comments repeats nothing", () => {
  const grown = withArrived(threadOf(pageOf(40, 21)), commentOf(41), 41).thread;
  const newer = pageOf(43, 41);
  const read = { pages: [newer, ...grown.pages], pageParams: ["newer:40", ""] };
  assert.deepEqual(sequences(withReadPages(grown, read)).slice(0, 4), [43, 42, 41, 40]);
});

test("a comment that was stored is not taken back", () => {
  const pending = withPending(threadOf(pageOf(2, 1)), own(0));
  const stored = withArrived(pending, own(3), 3).thread;
  assert.deepEqual(sequences(withoutPending(stored, OWN)), [3, 2, 1]);
});
