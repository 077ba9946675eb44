// What the browser keeps for the page. A browser may lend no storage, lend a full one, or take it
// away at any call: then the page itself remembers, until it is left.
const KEYS_MAX = 200;

export class Store {
  readonly #lent: () => Storage;
  // What could not be kept elsewhere, and what was removed but may still stand there.
  readonly #own = new Map<string, string | undefined>();

  constructor(lent: () => Storage) {
    this.#lent = lent;
  }

  get(key: string): string | undefined {
    if (this.#own.has(key)) return this.#own.get(key);
    return this.#attempt((storage) => storage.getItem(key) ?? undefined);
  }

  set(key: string, value: string): void {
    const kept = this.#attempt((storage) => {
      storage.setItem(key, value);
      return true;
    });
    if (kept) this.#own.delete(key);
    else this.#own.set(key, value);
  }

  remove(key: string): void {
    const removed = this.#attempt((storage) => {
      storage.removeItem(key);
      return true;
    });
    if (removed) this.#own.delete(key);
    else this.#own.set(key, undefined);
  }

  // At most KEYS_MAX of them.
  keys(prefix: string): string[] {
    const lent =
      this.#attempt((storage) =>
        Array.from({ length: storage.length }, (_, index) => storage.key(index) ?? ""),
      ) ?? [];
    const all = new Set([...lent, ...this.#own.keys()]);
    return [...all].filter((key) => key.startsWith(prefix)).slice(0, KEYS_MAX);
  }

  #attempt<T>(act: (storage: Storage) => T): T | undefined {
    try {
      return act(this.#lent());
    } catch {
      return undefined;
    }
  }
}

export const browserStore = new Store(() => window.localStorage);
export const tabStore = new Store(() => window.sessionStorage);

// Whose page it is: what one person writes is nobody else's to find.
export interface Owner {
  readonly orgId: string;
  readonly userId: string;
  readonly invoiceId: string;
}

export function keyOf(what: string, { orgId, userId, invoiceId }: Owner): string {
  return `marginalia:${what}:${JSON.stringify([orgId, userId, invoiceId])}`;
}
