// How comments read on the page. Pure functions. gateway/pages writes the same:
// both pass tests/gateway/page_text_vectors.json.
import type { Author } from "./comment.ts";

const EXCERPT_CHARACTERS_MAX = 140;
const HUES = 12;

export interface TextPart {
  readonly text: string;
  readonly isLink: boolean;
}

// An address goes on up to white space, a control character, what HTML marks up with, or what turns
// the direction of writing, by which one address could be made to look like another.
const LINK =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a control character ends a link
  /https?:\/\/[^\x00-\x20\x7f-\xa0<>"\u061c\u1680\u2000-\u200a\u200e\u200f\u2028-\u202f\u205f\u2066-\u2069\u3000\ufeff]*/gi;
const SCHEME = /^https?:\/\//i;
const PUNCTUATION = ".,;:!?'";
const CLOSING = ")]}";
const OPENING = "([{";

// What a name that is mentioned begins behind: not the "@" in an address of mail.
export const MENTION = /(?:^|[\s(])@/;

// Takes off what belongs to the sentence around the link. Counts only once, for a comment may be
// nothing but brackets.
function withoutTail(link: string): string {
  const counts = new Map<string, number>();
  const add = (character: string, count: number) => {
    const sum = (counts.get(character) ?? 0) + count;
    counts.set(character, sum);
    return sum;
  };
  for (const character of link) add(character, 1);
  let end = link.length;
  for (; end > 0; --end) {
    const last = link.charAt(end - 1);
    const bracket = CLOSING.indexOf(last);
    const belongs =
      bracket >= 0 ? add(last, 0) <= add(OPENING.charAt(bracket), 0) : !PUNCTUATION.includes(last);
    if (belongs) break;
    add(last, -1);
  }
  return link.slice(0, end);
}

export function findLinks(text: string): TextPart[] {
  const parts: TextPart[] = [];
  let plain = 0;
  const addPlain = (end: number) => {
    if (end > plain) parts.push({ text: text.slice(plain, end), isLink: false });
  };
  for (const match of text.matchAll(LINK)) {
    const link = withoutTail(match[0]);
    if (link.replace(SCHEME, "") === "" || !SCHEME.test(link)) continue;
    addPlain(match.index);
    parts.push({ text: link, isLink: true });
    plain = match.index + link.length;
  }
  addPlain(text.length);
  return parts;
}

export function countNumber(comments: number): string {
  return comments.toLocaleString("en-US");
}

export function countWords(comments: number): string {
  if (comments === 0) return "No comments";
  return comments === 1 ? "1 comment" : `${countNumber(comments)} comments`;
}

// The text as something that another one said.
export function quoteOf({ author, body }: { author: Author; body: string }): string {
  const lines = body.split("\n").map((line) => `> ${line}`);
  return `${shownName(author)} wrote:\n${lines.join("\n")}\n\n`;
}

export function shownName({ userId, displayName }: Author): string {
  return displayName || userId;
}

// By number, unless it is one that no service takes (services/text/path_id.h) but that was stored before.
export function invoicePath(number: string, invoiceId: string): string {
  const isTaken = /^(?!(.*\/)?\.{0,2}(\/|$))[\w.:/-]+$/.test(number);
  return `/invoices/${encodeURIComponent(isTaken ? number : invoiceId)}`;
}

// FNV-1a with 32 bits.
export function avatarHue(userId: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(userId)) {
    hash = Math.imul(hash ^ byte, 0x01000193);
  }
  return (hash >>> 0) % HUES;
}

export function avatarLetter({ displayName }: Pick<Author, "displayName">): string {
  const [first = "?"] = displayName;
  return /^[a-z]$/.test(first) ? first.toUpperCase() : first;
}

// The whole text, or so many characters of it and "…".
export function excerpt(text: string): string {
  const characters = Array.from(text);
  if (characters.length <= EXCERPT_CHARACTERS_MAX) return text;
  return `${characters.slice(0, EXCERPT_CHARACTERS_MAX).join("")}…`;
}
