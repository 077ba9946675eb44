import assert from "node:assert/strict";
import { test } from "node:test";
import type { Comment } from "../src/comment.ts";
import { CommentList } from "../src/comment_list.ts";
import { PageClock } from "../src/page_time.ts";
import { commentOf } from "./support/fake_server.ts";
import { find, showPage } from "./support/page.ts";

const NOW = "2026-11-24T12:30:00.000000Z";

// As [number, day, whether it goes on, whether the line of the last visit is above it].
function marksOf(
  comments: readonly Comment[],
  seen = 0,
  order = "newest-first",
): (string | number | boolean)[][] {
  showPage(`<ol id="comments" class="${order}"></ol>`);
  const list = find("#comments");
  const reader = { userId: "dana", seen, actions: () => [] };
  new CommentList(list, new PageClock(NOW), reader).show(comments, comments[0]?.sequence ?? 0, {
    newest: true,
    oldest: true,
  });
  return Array.from(list.children, (item) => [
    Number(item.getAttribute("data-sequence")),
    item.getAttribute("data-day") ?? "",
    item.classList.contains("run"),
    item.hasAttribute("data-seen"),
  ]);
}

function at(sequence: number, time: string, author = "priya"): Comment {
  return { ...commentOf(sequence, author), createTime: `2026-11-${time}:00.000000Z` };
}

test("a day is named where it begins to be another than that above; today needs no name", () => {
  const list = [at(4, "24T10:00"), at(3, "23T23:59"), at(2, "23T01:00"), at(1, "20T12:00")];
  assert.deepEqual(
    marksOf(list).map(([sequence, day]) => [sequence, day]),
    [
      [4, ""],
      [3, "23 November 2026"],
      [2, ""],
      [1, "20 November 2026"],
    ],
  );
});

test("who goes on speaking is named once, within ten minutes and a day", () => {
  const list = [
    at(5, "24T00:05"),
    at(4, "23T23:59"),
    at(3, "23T23:50"),
    at(2, "23T23:39"),
    at(1, "23T23:38", "alex"),
  ];
  assert.deepEqual(
    marksOf(list).map(([sequence, , goesOn]) => [sequence, goesOn]),
    [
      [5, false],
      [4, false],
      [3, true],
      [2, false],
      [1, false],
    ],
  );
});

test("the line of the last visit is above what was there, if others have written since", () => {
  const list = [at(3, "24T10:00"), at(2, "24T09:00"), at(1, "24T08:00")];
  assert.deepEqual(
    marksOf(list, 1).map(([, , , isSeen]) => isSeen),
    [false, false, true],
  );
  assert.ok(marksOf(list, 3).every(([, , , isSeen]) => !isSeen));
  assert.ok(marksOf(list, 0).every(([, , , isSeen]) => !isSeen));
  const own = [at(2, "24T10:00", "dana"), at(1, "24T09:00")];
  assert.ok(marksOf(own, 1).every(([, , , isSeen]) => !isSeen));
});

test("what was taken away is a break of its own", () => {
  const removal = { time: "2026-11-24T11:00:00.000000Z", actor: commentOf(1).author, reason: "" };
  const list = [at(3, "24T10:02"), { ...at(2, "24T10:01"), removal }, at(1, "24T10:00")];
  assert.ok(marksOf(list).every(([, , goesOn]) => !goesOn));
});

test("where the oldest comes first, marks are drawn downwards", () => {
  const list = [at(4, "24T10:00"), at(3, "23T12:04"), at(2, "23T12:00"), at(1, "22T12:00", "dana")];
  assert.deepEqual(marksOf(list, 2, "oldest-first"), [
    [1, "22 November 2026", false, false],
    [2, "23 November 2026", false, false],
    [3, "", true, true],
    [4, "24 November 2026", false, false],
  ]);
  assert.ok(marksOf(list, 4, "oldest-first").every(([, , , begins]) => !begins));
  assert.ok(marksOf(list, 0, "oldest-first").every(([, , , begins]) => !begins));
});
