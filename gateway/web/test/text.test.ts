import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { exactTime, relativeTime } from "../src/page_time.ts";
import {
  avatarHue,
  avatarLetter,
  countNumber,
  countWords,
  excerpt,
  findLinks,
  invoicePath,
} from "../src/text.ts";

interface Vectors {
  readonly links: readonly { text: string; parts: readonly { text?: string; href?: string }[] }[];
  readonly times: readonly { time: string; now: string; relative: string; exact: string }[];
  readonly counts: readonly { count: number; words: string; number: string }[];
  readonly avatars: readonly {
    userId: string;
    displayName: string;
    hue: number;
    letter: string;
  }[];
  readonly excerpts: readonly { text: string; excerpt: string }[];
  readonly addresses: readonly { number: string; path: string }[];
}

// The server's tests read the same file. The tests run in gateway/web.
const vectors: Vectors = JSON.parse(
  readFileSync("../../tests/gateway/page_text_vectors.json", "utf8"),
);

test("links are found in text as the server finds them", () => {
  for (const { text, parts } of vectors.links) {
    const found = findLinks(text).map((part) =>
      part.isLink ? { href: part.text } : { text: part.text },
    );
    assert.deepEqual(found, parts, text);
  }
});

test("a text of brackets that never close is read in time", () => {
  const text = `https://a.example/${")".repeat(10_000)}`;
  assert.equal(findLinks(text)[0]?.text, "https://a.example/");
});

test("times are told as the server tells them", () => {
  for (const { time, now, relative, exact } of vectors.times) {
    assert.equal(relativeTime(Date.parse(time), Date.parse(now)), relative, time);
    assert.equal(exactTime(Date.parse(time)), exact);
  }
});

test("the reader's own zone decides what day and hour it is", () => {
  const zone = process.env.TZ ?? "UTC";
  process.env.TZ = "Asia/Kathmandu";
  try {
    const time = Date.parse("2026-11-23T22:16:14.000000Z");
    const later = Date.parse("2026-12-24T13:16:14.000000Z");
    assert.match(exactTime(time), /^24 November 2026, 04:01:14 /);
    assert.equal(relativeTime(time, later), "24 Nov 2026");
  } finally {
    process.env.TZ = zone;
  }
});

test("counts are told as the server tells them", () => {
  for (const { count, words, number } of vectors.counts) {
    assert.equal(countWords(count), words);
    assert.equal(countNumber(count), number);
  }
});

test("avatars are the server's", () => {
  for (const { userId, displayName, hue, letter } of vectors.avatars) {
    assert.equal(avatarHue(userId), hue, userId);
    assert.equal(avatarLetter({ displayName }), letter);
  }
});

test("excerpts are the server's", () => {
  for (const each of vectors.excerpts) assert.equal(excerpt(each.text), each.excerpt);
});

test("an invoice whose number no service takes is found by its id", () => {
  for (const { number, path } of vectors.addresses) assert.equal(invoicePath(number, "uuid"), path);
});
