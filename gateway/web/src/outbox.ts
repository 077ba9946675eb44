// The comment that was sent and is not known to have been stored. Kept across reloads, so that it
// is tried again under the same id and cannot be stored twice.
export interface OutboxEntry {
  readonly id: string;
  readonly body: string;
}

export class Outbox {
  // Undefined where the browser lends no storage: then the page's own memory must do.
  readonly #storage: Storage | undefined;
  readonly #key: string;
  #entry: OutboxEntry | undefined;

  constructor(
    storage: Storage | undefined,
    owner: { readonly orgId: string; readonly userId: string; readonly invoiceId: string },
  ) {
    this.#storage = storage;
    this.#key = `marginalia:outbox:${JSON.stringify([owner.orgId, owner.userId, owner.invoiceId])}`;
    this.#entry = parse(storage?.getItem(this.#key));
  }

  get entry(): OutboxEntry | undefined {
    return this.#entry;
  }

  keep(entry: OutboxEntry): void {
    this.#entry = entry;
    try {
      this.#storage?.setItem(this.#key, JSON.stringify(entry));
    } catch {
      // The storage is full: the comment is posted all the same.
    }
  }

  // It is stored. Another one, kept since, stays.
  forget(id: string): void {
    if (this.#entry?.id !== id) return;
    this.#entry = undefined;
    this.#storage?.removeItem(this.#key);
  }
}

// The browser's storage, if it lends one.
export function browserStorage(): Storage | undefined {
  try {
    return window.localStorage;
  } catch {
    return undefined;
  }
}

function parse(text: string | null | undefined): OutboxEntry | undefined {
  try {
    const entry: Partial<OutboxEntry> | null = JSON.parse(text ?? "null");
    if (typeof entry?.id !== "string" || typeof entry.body !== "string") return undefined;
    return { id: entry.id, body: entry.body };
  } catch {
    return undefined;
  }
}
