// The invoice's summary, rendered by the server: read again when there are more comments than it
// counts.
import { apiErrorOf } from "./api_error.ts";
import type { CommentCounts } from "./comment_counts.ts";
import { readSummary } from "./comments_api.ts";
import { type PageClock, refreshTimes } from "./page_time.ts";
import { pollTag } from "./polled_tag.ts";

// Between two reads, when many comments arrive.
const PAUSE_MS = 1_000;
const RETRIES_MAX = 3;
const RETRY_AFTER_MS = 2_000;

export class Summary {
  readonly #path: string;
  readonly #counts: CommentCounts;
  readonly #clock: PageClock;
  readonly #changed: (status: string) => void;
  // What it must be as fresh as, next.
  #wanted: string | undefined;
  #isReading = false;

  // `path` is the invoice page's; `changed` hears what the invoice's status is called by now.
  constructor(
    path: string,
    counts: CommentCounts,
    clock: PageClock,
    changed: (status: string) => void,
  ) {
    this.#path = path;
    this.#counts = counts;
    this.#clock = clock;
    this.#changed = changed;
  }

  // Keeps to what becomes of the invoice: sent, paid, void.
  follow(invoicePath: string): void {
    pollTag(invoicePath, async () => this.#replace(await readSummary(this.#path, "")));
  }

  refresh(token: string): void {
    this.#wanted = token;
    if (!this.#isReading) void this.#read();
  }

  // One read at a time; whatever is asked for meanwhile comes after it, all in one.
  async #read(): Promise<void> {
    this.#isReading = true;
    let failures = 0;
    while (this.#wanted !== undefined) {
      const token = this.#wanted;
      this.#wanted = undefined;
      try {
        this.#replace(await readSummary(this.#path, token));
        failures = 0;
        await pause(PAUSE_MS);
      } catch (error) {
        failures += 1;
        // The counts on the page are right without it.
        if (!apiErrorOf(error).isPassing || failures > RETRIES_MAX) break;
        await pause(RETRY_AFTER_MS * failures);
        this.#wanted ??= token;
      }
    }
    this.#isReading = false;
  }

  #replace(html: string): void {
    const old = document.getElementById("summary");
    const parsed = new DOMParser().parseFromString(html, "text/html").getElementById("summary");
    if (old === null || parsed === null) return;
    const fresh = document.importNode(parsed, true);
    this.#counts.raise(Number(fresh.dataset.count ?? 0));
    refreshTimes(fresh, this.#clock);
    const focused = old.contains(document.activeElement) ? document.activeElement : null;
    const { scrollTop } = old;
    const status = statusOf(fresh);
    const hasChanged = status !== statusOf(old);
    old.replaceWith(fresh);
    fresh.scrollTop = scrollTop;
    // The customer's address is the one thing in it that takes focus.
    if (focused !== null) fresh.querySelector("a")?.focus({ preventScroll: true });
    if (hasChanged) this.#changed(status);
  }
}

function statusOf(summary: Element): string {
  return summary.querySelector(".banner")?.textContent ?? "";
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
