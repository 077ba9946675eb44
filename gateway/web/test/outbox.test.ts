import assert from "node:assert/strict";
import { test } from "node:test";
import { Draft } from "../src/draft.ts";
import { Outbox } from "../src/outbox.ts";
import { Store } from "../src/store.ts";
import { FakeStorage } from "./support/fake_storage.ts";

const OWNER = { orgId: "northlight", userId: "dana", invoiceId: "invoice" };
const ENTRY = { id: "id-1", body: "text\nof two lines" };
const LATER = { id: "id-2", body: "another" };

function storeOn(storage: FakeStorage): Store {
  return new Store(() => storage);
}

test("what was sent outlives the page until it is acknowledged", () => {
  const storage = new FakeStorage();
  new Outbox(storeOn(storage), OWNER).keep(ENTRY);
  const later = new Outbox(storeOn(storage), OWNER);
  assert.deepEqual(later.entries(), [ENTRY]);
  later.forget(ENTRY.id);
  assert.deepEqual(new Outbox(storeOn(storage), OWNER).entries(), []);
  assert.equal(storage.length, 0);
});

test("two pages keep what each has sent, oldest first", () => {
  const storage = new FakeStorage();
  const [one, other] = [new Outbox(storeOn(storage), OWNER), new Outbox(storeOn(storage), OWNER)];
  other.keep(LATER);
  one.keep(ENTRY);
  assert.deepEqual(new Outbox(storeOn(storage), OWNER).entries(), [ENTRY, LATER]);
  one.forget(ENTRY.id);
  assert.deepEqual(other.entries(), [LATER]);
});

test("another person, tenant or invoice finds nothing", () => {
  const storage = new FakeStorage();
  const store = storeOn(storage);
  new Outbox(store, OWNER).keep(ENTRY);
  new Draft(store, storeOn(new FakeStorage()), OWNER).keep("a draft");
  for (const other of [{ orgId: "x" }, { userId: "x" }, { invoiceId: "x" }]) {
    assert.deepEqual(new Outbox(store, { ...OWNER, ...other }).entries(), []);
    assert.equal(new Draft(store, storeOn(new FakeStorage()), { ...OWNER, ...other }).text, "");
  }
  const apart = { orgId: 'a","b', userId: "c", invoiceId: "d" };
  new Outbox(store, apart).keep(ENTRY);
  assert.deepEqual(new Outbox(store, { orgId: "a", userId: "b", invoiceId: "c" }).entries(), []);
});

test("without storage, with a full one, or with one that fails, the page itself remembers", () => {
  const full = new FakeStorage();
  full.isFull = true;
  const broken = new FakeStorage();
  broken.isBroken = true;
  const refused = () => {
    throw new DOMException("denied", "SecurityError");
  };
  for (const store of [new Store(refused), storeOn(full), storeOn(broken)]) {
    const outbox = new Outbox(store, OWNER);
    outbox.keep(ENTRY);
    assert.deepEqual(outbox.entries(), [ENTRY]);
    outbox.forget(ENTRY.id);
    assert.deepEqual(outbox.entries(), []);
  }
});

test("what is no entry is not read as one", () => {
  const storage = new FakeStorage();
  new Outbox(storeOn(storage), OWNER).keep(ENTRY);
  const key = storage.key(0) ?? "";
  for (const text of ["", "{", "null", "[]", '"text"', '{"id":1,"body":"x"}', '{"id":"x"}']) {
    storage.setItem(key, text);
    assert.deepEqual(new Outbox(storeOn(storage), OWNER).entries(), [], text);
  }
});

test("a draft is kept until it is emptied", () => {
  const storage = new FakeStorage();
  new Draft(storeOn(storage), storeOn(new FakeStorage()), OWNER).keep("half a sen");
  const later = new Draft(storeOn(storage), storeOn(new FakeStorage()), OWNER);
  assert.equal(later.text, "half a sen");
  later.keep("");
  assert.equal(storage.length, 0);
});
