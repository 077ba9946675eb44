import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { Announcer } from "../src/announcer.ts";
import { mentionsIn, People } from "../src/mentions.ts";
import { Store } from "../src/store.ts";
import { FakeServer } from "./support/fake_server.ts";
import { FakeStorage } from "./support/fake_storage.ts";
import { FakeTimers } from "./support/fake_timers.ts";
import { find, fire, showPage } from "./support/page.ts";
import { quiet, until } from "./support/turns.ts";

// The page's, which its nodes take.
Object.assign(globalThis, { Event: (window as unknown as { Event: unknown }).Event });

const ann = { userId: "u-1", displayName: "Ann" };
const annMiller = { userId: "u-2", displayName: "Ann Miller" };
const nameless = { userId: "u-3", displayName: "" };

let server: FakeServer;
let timers: FakeTimers;
let store: Store;
let people: People;

const text = () => find<HTMLTextAreaElement>("textarea");
const options = () => Array.from(document.querySelectorAll("[role=option]"));
const chosen = () => options().findIndex((each) => each.getAttribute("aria-selected") === "true");

async function type(words: string): Promise<void> {
  text().value = words;
  Object.assign(text(), { selectionStart: words.length });
  fire(text(), "input");
  // What offers people is loaded with the first "@".
  await quiet();
  timers.advance(150);
  await quiet();
}

beforeEach(() => {
  timers = new FakeTimers();
  server = new FakeServer(0);
  server.people = [ann, annMiller, nameless];
  showPage('<textarea></textarea><p id="announcer"></p>');
  Object.assign(text(), {
    setRangeText(words: string, start: number, end: number) {
      const { value } = text();
      text().value = value.slice(0, start) + words + value.slice(end);
      Object.assign(text(), { selectionStart: start + words.length });
    },
  });
  const storage = new FakeStorage();
  store = new Store(() => storage as unknown as Storage);
  const announcer = new Announcer(find("#announcer"));
  people = new People({ announcer, store, key: "people", authors: () => [ann] });
  people.offerIn(text());
  text().focus();
});

afterEach(() => {
  server.close();
  timers.restore();
});

test("a text mentions those whom it names, the longest name first, and each once", () => {
  const people = [ann, annMiller, nameless];
  assert.deepEqual(mentionsIn("@Ann Miller, please", people), ["u-2"]);
  assert.deepEqual(mentionsIn("@Ann and @Ann Miller and @Ann", people), ["u-1", "u-2"]);
  assert.deepEqual(mentionsIn("Ann, ann@example.com, @ann, @u-3", people), ["u-3"]);
  assert.deepEqual(mentionsIn("nobody", people), []);
  const other = { userId: "u-9", displayName: "Ann" };
  assert.deepEqual(mentionsIn("@Ann", [other, ann]), ["u-9"]);
});

test("a longer word than the name, or an address of mail, mentions nobody", () => {
  const people = [ann, annMiller, nameless, { userId: "u-4", displayName: "C. (Zo\u00eb) M*" }];
  for (const text of [
    "@Anna please",
    "@Ann\u00e9",
    "@Ann7",
    "@Anne\u0301",
    "joe@Ann.example",
    "x@Ann",
  ]) {
    assert.deepEqual(mentionsIn(text, people), [], text);
  }
  for (const text of ["(@Ann)", "so:\n@Ann's", "@Anna and @Ann", "@Ann Millers", "@Ann, @Anna"]) {
    assert.deepEqual(mentionsIn(text, people), ["u-1"], text);
  }
  assert.deepEqual(mentionsIn("@Ann @Ann Miller", people), ["u-1", "u-2"]);
  assert.deepEqual(mentionsIn("@C. (Zo\u00eb) M*!", people), ["u-4"]);
});

test("an edited text goes on mentioning whom nobody here knows by name, and drops whom it no longer names", () => {
  assert.deepEqual(people.mentionsIn("Nobody by name.", ["u-1", "u-9"]), ["u-9"]);
  assert.deepEqual(people.mentionsIn("@Ann again", ["u-1"]), ["u-1"]);
});

test("'@' and a beginning offer people, and keys choose one into the text", async () => {
  await type("Please ask @an");
  await until(() => options().length === 3);
  assert.deepEqual(server.take(/people/), ["GET /api/people?limit=6&prefix=an"]);
  assert.equal(text().getAttribute("aria-activedescendant"), "person-0");
  fire(text(), "keydown", { key: "ArrowDown" });
  assert.equal(chosen(), 1);
  fire(text(), "keydown", { key: "ArrowUp" });
  fire(text(), "keydown", { key: "ArrowUp" });
  assert.equal(chosen(), 2);
  fire(text(), "keydown", { key: "ArrowUp" });
  fire(text(), "keydown", { key: "Enter" });
  assert.equal(text().value, "Please ask @Ann Miller ");
  assert.equal(options().length, 0);
  assert.equal(text().hasAttribute("aria-activedescendant"), false);
  assert.deepEqual(people.mentionsIn(text().value), ["u-2"]);
});

test("Escape leaves the text as it is, and keys are keys again", async () => {
  await type("@an");
  await until(() => options().length === 3);
  fire(text(), "keydown", { key: "Enter", isComposing: true });
  fire(text(), "keydown", { key: "Enter", ctrlKey: true });
  assert.equal(options().length, 3);
  fire(text(), "keydown", { key: "Escape" });
  assert.equal(options().length, 0);
  fire(text(), "keydown", { key: "Enter" });
  assert.equal(text().value, "@an");
});

test("an address, a finished word and a name that nobody has offer nothing", async () => {
  await type("write to ann@example");
  await type("@Ann Miller says hello");
  assert.deepEqual(server.requests, []);
  server.people = [];
  await type("@nobody");
  assert.equal(options().length, 0);
});

test("what is found too late is not offered", async () => {
  server.holding = true;
  await type("@an");
  await until(() => server.held.length === 1);
  server.holding = false;
  text().value = "";
  Object.assign(text(), { selectionStart: 0 });
  server.held[0]?.release();
  await quiet();
  assert.equal(options().length, 0);
});
