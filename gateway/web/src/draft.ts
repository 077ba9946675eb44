// What one has written and not sent: kept until it is posted or taken out.
import { keyOf, type Owner, type Store } from "./store.ts";

export class Draft {
  readonly #store: Store;
  readonly #key: string;

  constructor(store: Store, owner: Owner) {
    this.#store = store;
    this.#key = keyOf("draft", owner);
  }

  get text(): string {
    return this.#store.get(this.#key) ?? "";
  }

  keep(text: string): void {
    if (text === "") this.#store.remove(this.#key);
    else this.#store.set(this.#key, text);
  }
}
