// What one has written and not sent: kept until it is posted or taken out.
import { keyOf, type Owner, type Store } from "./store.ts";

export class Draft {
  readonly #store: Store;
  readonly #tab: Store;
  readonly #key: string;
  readonly #carriedKey: string;

  // `tab` outlasts a reload of this tab alone.
  constructor(store: Store, tab: Store, owner: Owner) {
    this.#store = store;
    this.#tab = tab;
    this.#key = keyOf("draft", owner);
    this.#carriedKey = `marginalia:carried:${owner.invoiceId}`;
  }

  // With what was handed over in this tab.
  get text(): string {
    const texts = [this.#tab.get(this.#carriedKey), this.#store.get(this.#key)];
    const text = texts.filter((each) => each).join("\n\n");
    this.#tab.remove(this.#carriedKey);
    this.keep(text);
    return text;
  }

  keep(text: string): void {
    if (text === "") this.#store.remove(this.#key);
    else this.#store.set(this.#key, text);
  }

  // Leaves it to whoever looks at this tab next: one who wants to go on as somebody else takes it
  // along.
  handOver(): void {
    this.#tab.set(this.#carriedKey, this.#store.get(this.#key) ?? "");
    this.keep("");
  }
}
