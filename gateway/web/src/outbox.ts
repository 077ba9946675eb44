// The comments that were sent and are not known to be stored, each under its own id. Kept across
// reloads, so that each is tried again under that id and cannot be stored twice.
import type { NewComment } from "./comments_api.ts";
import { keyOf, type Owner, type Store } from "./store.ts";

export interface OutboxEntry extends NewComment {
  // Whether posting it opens the thread again.
  readonly reopens?: boolean;
}

export class Outbox {
  readonly #store: Store;
  readonly #prefix: string;

  constructor(store: Store, owner: Owner) {
    this.#store = store;
    this.#prefix = keyOf("outbox", owner);
  }

  // Oldest first: the ids are made in that order.
  entries(): OutboxEntry[] {
    return this.#store
      .keys(this.#prefix)
      .map((key) => parse(this.#store.get(key)))
      .filter((entry) => entry !== undefined)
      .sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  keep(entry: OutboxEntry): void {
    this.#store.set(this.#keyOf(entry.id), JSON.stringify(entry));
  }

  forget(id: string): void {
    this.#store.remove(this.#keyOf(id));
  }

  #keyOf(id: string): string {
    return `${this.#prefix}:${id}`;
  }
}

function parse(text: string | undefined): OutboxEntry | undefined {
  try {
    const entry: Partial<OutboxEntry> | null = JSON.parse(text ?? "null");
    if (typeof entry?.id !== "string" || typeof entry.body !== "string") return undefined;
    const { id, body, mentions, reopens } = entry;
    return { id, body, ...(mentions && { mentions }), ...(reopens && { reopens: true }) };
  } catch {
    return undefined;
  }
}
