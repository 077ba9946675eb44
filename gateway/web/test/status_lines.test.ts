import assert from "node:assert/strict";
import { test } from "node:test";
import type { Comment } from "../src/comment.ts";
import { CommentList } from "../src/comment_list.ts";
import { PageClock } from "../src/page_time.ts";
import { commentOf } from "./support/fake_server.ts";
import { find, showPage } from "./support/page.ts";

const NOW = "2026-11-24T12:30:00.000000Z";
const BOTH_ENDS = { newest: true, oldest: true };

function lineOf(status: string, hour: number): string {
  const time = `<time datetime="2026-11-24T${hour}:00:00.000000Z" title="x">x</time>`;
  return `<li class="status-change" id="status-${status}"><p>${status}</p>${time}</li>`;
}

function listOf(lines: string, list = ""): CommentList {
  showPage(`<template id="status-changes">${lines}</template><ol id="comments">${list}</ol>`);
  const reader = { userId: "dana", seen: 0, actions: () => [] };
  return new CommentList(find("#comments"), new PageClock(NOW), reader);
}

function at(sequence: number, hour: number, author = "priya"): Comment {
  return { ...commentOf(sequence, author), createTime: `2026-11-24T${hour}:00:00.000000Z` };
}

function shown(): string[] {
  return Array.from(find("#comments").children, ({ id }) => id.replace(/^(comment|status)-/, ""));
}

function idOf(sequence: number): string {
  return commentOf(sequence, "priya").commentId;
}

test("what became of the invoice stands among the comments at its time", () => {
  const list = listOf(lineOf("paid", 14) + lineOf("sent", 12));
  list.show([at(3, 15), at(2, 13), at(1, 11)], 3, BOTH_ENDS);
  assert.deepEqual(shown(), [idOf(3), "paid", idOf(2), "sent", idOf(1)]);
});

test("what came before all comments is the oldest, and shown where the thread ends", () => {
  const list = listOf(lineOf("sent", 10));
  list.show([at(3, 15), at(2, 13)], 3, { newest: true, oldest: false });
  assert.deepEqual(shown(), [idOf(3), idOf(2)]);
  list.show([at(3, 15), at(2, 13), at(1, 11)], 3, BOTH_ENDS);
  assert.deepEqual(shown(), [idOf(3), idOf(2), idOf(1), "sent"]);
  list.show([], 3, BOTH_ENDS);
  assert.deepEqual(shown(), ["sent"]);
});

test("above what is loaded it stands once it is known what comes next", () => {
  const list = listOf(lineOf("paid", 14));
  const inside = { newest: false, oldest: true };
  list.show([at(2, 13), at(1, 11)], 3, inside);
  assert.deepEqual(shown(), [idOf(2), idOf(1)]);
  list.show([at(3, 15), at(2, 13), at(1, 11)], 3, BOTH_ENDS);
  assert.deepEqual(shown(), [idOf(3), "paid", idOf(2), idOf(1)]);
  // The newest page was let go of.
  list.show([at(2, 13), at(1, 11)], 3, inside);
  assert.deepEqual(shown(), ["paid", idOf(2), idOf(1)]);
});

test("what the server has placed stays where it is", () => {
  const comment = `<li class="comment" id="comment-${idOf(2)}"></li>`;
  const list = listOf(lineOf("paid", 14), lineOf("paid", 14) + comment);
  const node = find("#comments > .status-change");
  list.show([at(2, 13)], 3, { newest: false, oldest: false });
  assert.deepEqual(shown(), ["paid", idOf(2)]);
  assert.equal(find("#comments > .status-change"), node);
});

test("nobody goes on speaking over it", () => {
  const list = listOf(lineOf("paid", 11));
  const [after, before] = ["11:04", "10:58"].map((time, index) => ({
    ...at(3 - index, 11),
    createTime: `2026-11-24T${time}:00.000000Z`,
  })) as [Comment, Comment];
  list.show([after, before], 3, BOTH_ENDS);
  assert.deepEqual(shown(), [idOf(3), "paid", idOf(2)]);
  assert.equal(find("#comments").querySelectorAll(".run").length, 0);
});
