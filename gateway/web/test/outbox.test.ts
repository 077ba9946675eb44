import assert from "node:assert/strict";
import { test } from "node:test";
import { Outbox } from "../src/outbox.ts";

const OWNER = { orgId: "northlight", userId: "dana", invoiceId: "invoice" };
const ENTRY = { id: "id-1", body: "text\nof two lines" };

class FakeStorage implements Storage {
  readonly #items = new Map<string, string>();
  isFull = false;

  get length(): number {
    return this.#items.size;
  }
  key(index: number): string | null {
    return [...this.#items.keys()][index] ?? null;
  }
  clear(): void {
    this.#items.clear();
  }
  getItem(key: string): string | null {
    return this.#items.get(key) ?? null;
  }
  setItem(key: string, value: string): void {
    if (this.isFull) throw new DOMException("full", "QuotaExceededError");
    this.#items.set(key, value);
  }
  removeItem(key: string): void {
    this.#items.delete(key);
  }
}

test("what was sent outlives the page until it is acknowledged", () => {
  const storage = new FakeStorage();
  new Outbox(storage, OWNER).keep(ENTRY);
  const later = new Outbox(storage, OWNER);
  assert.deepEqual(later.entry, ENTRY);
  later.forget(ENTRY.id);
  assert.equal(new Outbox(storage, OWNER).entry, undefined);
  assert.equal(storage.length, 0);
});

test("another person, tenant or invoice finds nothing", () => {
  const storage = new FakeStorage();
  new Outbox(storage, OWNER).keep(ENTRY);
  for (const other of [{ orgId: "x" }, { userId: "x" }, { invoiceId: "x" }]) {
    assert.equal(new Outbox(storage, { ...OWNER, ...other }).entry, undefined);
  }
  const apart = { orgId: 'a","b', userId: "c", invoiceId: "d" };
  new Outbox(storage, apart).keep(ENTRY);
  assert.equal(new Outbox(storage, { orgId: "a", userId: "b", invoiceId: "c" }).entry, undefined);
});

test("an acknowledgement of an older comment leaves a newer one", () => {
  const outbox = new Outbox(new FakeStorage(), OWNER);
  outbox.keep(ENTRY);
  outbox.keep({ id: "id-2", body: "newer" });
  outbox.forget(ENTRY.id);
  assert.equal(outbox.entry?.id, "id-2");
});

test("without storage, or with a full one, the page itself remembers", () => {
  const full = new FakeStorage();
  full.isFull = true;
  for (const storage of [undefined, full]) {
    const outbox = new Outbox(storage, OWNER);
    outbox.keep(ENTRY);
    assert.deepEqual(outbox.entry, ENTRY);
  }
});

test("what is no entry is not read as one", () => {
  const storage = new FakeStorage();
  new Outbox(storage, OWNER).keep(ENTRY);
  const key = storage.key(0) ?? "";
  for (const text of ["", "{", "null", "[]", '"text"', '{"id":1,"body":"x"}', '{"id":"x"}']) {
    storage.setItem(key, text);
    assert.equal(new Outbox(storage, OWNER).entry, undefined, text);
  }
});
