// How far one has read the thread. The server keeps it, for all one's browsers, and hears of it when it
// has moved, but not more often than every few seconds, and when one leaves.
import type { CommentsApi } from "./comments_api.ts";

export const MARK_EVERY_MS = 5_000;

export class ReadMark {
  readonly #api: CommentsApi;
  // The number of the newest comment that one had read when the page was made; 0: none.
  readonly sequence: number;
  #seen: number;
  #told: number;
  #isWaiting = false;

  constructor(api: CommentsApi, sequence = 0) {
    this.#api = api;
    this.sequence = sequence;
    this.#seen = sequence;
    this.#told = sequence;
    window.addEventListener("pagehide", () => this.#tell());
  }

  seen(sequence: number): void {
    this.#seen = Math.max(this.#seen, sequence);
    if (this.#isWaiting || this.#seen === this.#told) return;
    this.#isWaiting = true;
    this.#tell();
    setTimeout(() => {
      this.#isWaiting = false;
      this.seen(0);
    }, MARK_EVERY_MS);
  }

  #tell(): void {
    if (this.#seen === this.#told) return;
    this.#told = this.#seen;
    // What it does not hear now it hears with what is seen next.
    void this.#api.markRead(this.#told).catch(() => undefined);
  }
}
