// The thread's events as they happen. The browser itself mends a stream that breaks, going on after
// the last event; what it gives up on, after an answer that is no stream, is opened anew from here.
import { apiErrorOf } from "./api_error.ts";
import type { Comment } from "./comment.ts";

const REOPEN_AFTER_MS = 1_000;
const REOPEN_AFTER_MS_MAX = 30_000;
// A browser allows a few connections to a server: tabs that nobody looks at leave them to others.
const HIDDEN_FOR_MS = 10_000;

export type LiveState = "live" | "down" | "signed-out";

export interface LiveHandlers {
  comment(comment: Comment, total: number, token: string): void;
  state(state: LiveState): void;
  // Reads the thread anew and returns the token to go on after. Fails with an ApiError.
  resync(): Promise<string>;
}

export class LiveEvents {
  readonly #path: string;
  readonly #handlers: LiveHandlers;
  #token: string;
  #source: EventSource | undefined;
  #failures = 0;
  #reopening: ReturnType<typeof setTimeout> | undefined;
  #hiding: ReturnType<typeof setTimeout> | undefined;

  // `token` is that of what is on the page: events after it are news.
  constructor(path: string, token: string, handlers: LiveHandlers) {
    this.#path = path;
    this.#token = token;
    this.#handlers = handlers;
  }

  start(): void {
    document.addEventListener("visibilitychange", () => this.#followVisibility());
    this.#followVisibility();
  }

  #followVisibility(): void {
    clearTimeout(this.#hiding);
    if (document.visibilityState === "hidden") {
      this.#hiding = setTimeout(() => this.#close(), HIDDEN_FOR_MS);
    } else if (this.#source === undefined && this.#reopening === undefined) {
      this.#open();
    }
  }

  #close(): void {
    this.#source?.close();
    this.#source = undefined;
    clearTimeout(this.#reopening);
    this.#reopening = undefined;
  }

  #open(): void {
    const source = new EventSource(`${this.#path}?after=${encodeURIComponent(this.#token)}`);
    this.#source = source;
    source.addEventListener("open", () => {
      this.#failures = 0;
      this.#handlers.state("live");
    });
    source.addEventListener("error", () => {
      this.#handlers.state("down");
      if (source.readyState === EventSource.CLOSED) this.#reopenLater();
    });
    // comments-service is out of the gateway's reach: silence is no news.
    source.addEventListener("stale", () => this.#handlers.state("down"));
    source.addEventListener("current", () => this.#handlers.state("live"));
    source.addEventListener("checkpoint", (event) => {
      this.#token = event.lastEventId;
    });
    source.addEventListener("comment", (event: MessageEvent<string>) => {
      this.#token = event.lastEventId;
      const { comment, totalSize }: { comment: Comment; totalSize: number } = JSON.parse(
        event.data,
      );
      this.#handlers.comment(comment, totalSize, event.lastEventId);
    });
  }

  #reopenLater(): void {
    this.#close();
    const wait = Math.min(REOPEN_AFTER_MS * 2 ** this.#failures, REOPEN_AFTER_MS_MAX);
    this.#failures += 1;
    // Not all pages at once, when a server comes back.
    this.#reopening = setTimeout(() => void this.#reopen(), wait * (0.5 + Math.random() / 2));
  }

  // The events after the token may be retained no longer: read the thread, and go on from there.
  async #reopen(): Promise<void> {
    try {
      this.#token = await this.#handlers.resync();
    } catch (error) {
      if (apiErrorOf(error).status === 401) return this.#handlers.state("signed-out");
      return this.#reopenLater();
    }
    this.#reopening = undefined;
    if (this.#source === undefined && document.visibilityState !== "hidden") this.#open();
  }
}
