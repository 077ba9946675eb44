// How far one had read when one was last here: kept in this browser, by person and thread.
import { keyOf, type Owner, type Store } from "./store.ts";

export class LastVisit {
  readonly #store: Store;
  readonly #key: string;
  // The number of the newest comment that was there then; 0: one was never here.
  readonly sequence: number;
  #kept: number;

  constructor(store: Store, owner: Owner) {
    this.#store = store;
    this.#key = keyOf("seen", owner);
    this.sequence = Number(store.get(this.#key)) || 0;
    this.#kept = this.sequence;
  }

  // Also of another window, which may have seen more.
  seen(sequence: number): void {
    if (sequence <= this.#kept) return;
    this.#kept = Math.max(sequence, Number(this.#store.get(this.#key)) || 0);
    this.#store.set(this.#key, String(this.#kept));
  }
}
