// A browser's storage, with the faults that browsers have.
export class FakeStorage implements Storage {
  readonly #items = new Map<string, string>();
  isFull = false;
  isBroken = false;

  get length(): number {
    this.#check();
    return this.#items.size;
  }

  key(index: number): string | null {
    this.#check();
    return [...this.#items.keys()][index] ?? null;
  }

  clear(): void {
    this.#items.clear();
  }

  getItem(key: string): string | null {
    this.#check();
    return this.#items.get(key) ?? null;
  }

  setItem(key: string, value: string): void {
    this.#check();
    if (this.isFull) throw new DOMException("full", "QuotaExceededError");
    this.#items.set(key, value);
  }

  removeItem(key: string): void {
    this.#check();
    this.#items.delete(key);
  }

  #check(): void {
    if (this.isBroken) throw new DOMException("broken", "UnknownError");
  }
}
