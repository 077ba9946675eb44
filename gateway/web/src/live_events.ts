// The thread's events as they happen. The browser itself mends a stream that breaks, going on after
// the last event. What it cannot see is watched from here: a stream that was given up on, one that
// is never answered, and one that has fallen silent, which the server never is for long.
import { apiErrorOf } from "./api_error.ts";
import type { ThreadEvent } from "./comment.ts";
import { endOf, type SessionEnd, viewerName, whenSessionEnds } from "./session.ts";
import { openStream, THREAD_EVENTS } from "./shared_stream.ts";

const REOPEN_AFTER_MS = 1_000;
const REOPEN_AFTER_MS_MAX = 30_000;
// Something in between may hold back the answer for ever.
const OPEN_MS_MAX = 10_000;
// Two of the server's heartbeats.
const SILENCE_MS_MAX = 30_000;
// A browser allows a few connections to a server: tabs that nobody looks at leave them to others.
const HIDDEN_FOR_MS = 10_000;

export type LiveState = "live" | "down" | SessionEnd;

export interface LiveHandlers {
  happened(event: ThreadEvent, token: string): void;
  // Another window's stream is heard from now on: what happened before is to be read.
  joined(): void;
  state(state: LiveState): void;
  // Reads the thread anew and returns the token to go on after. Fails with an ApiError.
  resync(): Promise<string>;
}

export class LiveEvents {
  readonly #path: string;
  readonly #key: string;
  readonly #handlers: LiveHandlers;
  #token: string;
  #source: ReturnType<typeof openStream> | undefined;
  #isLive = false;
  // Whether there is nobody whose stream it would be.
  #isOver = false;
  #isOpening = false;
  #isLeft = false;
  #failures = 0;
  #watchdog: ReturnType<typeof setTimeout> | undefined;
  #reopening: ReturnType<typeof setTimeout> | undefined;
  #hiding: ReturnType<typeof setTimeout> | undefined;
  // Counts what was begun: what ends after another one has begun no longer matters.
  #attempt = 0;

  // `key` names the stream among a browser's windows; `token` is that of what is on the page: events
  // after it are news.
  constructor(stream: { path: string; key: string }, token: string, handlers: LiveHandlers) {
    this.#path = stream.path;
    this.#key = stream.key;
    this.#token = token;
    this.#handlers = handlers;
  }

  start(): void {
    document.addEventListener("visibilitychange", () => this.#followVisibility());
    // A network that comes back, and somebody who does, are reasons to try at once.
    window.addEventListener("online", () => this.wake());
    window.addEventListener("focus", () => this.wake());
    whenSessionEnds((end) => this.#endWith(end));
    // A page that is left may be come back to as it was: without a stream until then.
    window.addEventListener("pagehide", () => {
      this.#isLeft = true;
      this.#close();
    });
    window.addEventListener("pageshow", () => {
      this.#isLeft = false;
      this.#followVisibility();
    });
    this.#followVisibility();
  }

  // Opens the stream anew unless it is known to be live.
  wake(): void {
    if (this.#isLive || this.#isOpening || this.#isLeft) return;
    if (document.visibilityState === "hidden") return;
    this.#failures = 0;
    this.#open();
  }

  #followVisibility(): void {
    clearTimeout(this.#hiding);
    if (this.#isLeft) return;
    if (document.visibilityState === "hidden") {
      this.#hiding = setTimeout(() => this.#close(), HIDDEN_FOR_MS);
    } else if (this.#source === undefined && this.#reopening === undefined && !this.#isOver) {
      this.#open();
    }
  }

  #close(): void {
    this.#attempt += 1;
    this.#isLive = false;
    this.#isOpening = false;
    this.#source?.close();
    this.#source = undefined;
    clearTimeout(this.#watchdog);
    clearTimeout(this.#reopening);
    this.#reopening = undefined;
  }

  #tell(state: LiveState): void {
    this.#isLive = state === "live";
    this.#isOpening = false;
    this.#isOver = state !== "live" && state !== "down";
    this.#handlers.state(state);
  }

  #endWith(end: SessionEnd): void {
    this.#close();
    this.#tell(end);
  }

  // The stream is given up unless it says something within so long.
  #expectWithin(ms: number): void {
    clearTimeout(this.#watchdog);
    this.#watchdog = setTimeout(() => {
      this.#tell("down");
      this.#reopenLater(() => this.#open());
    }, ms);
  }

  #open(): void {
    this.#close();
    const source = openStream(this.#key, () => this.#address());
    this.#source = source;
    this.#isOpening = true;
    this.#expectWithin(OPEN_MS_MAX);
    const on = (name: string, act: (event: MessageEvent<string>) => void) => {
      source.addEventListener(name, (event) => {
        if (this.#source !== source) return;
        this.#expectWithin(SILENCE_MS_MAX);
        act(event as MessageEvent<string>);
      });
    };
    // A refusal opens as well.
    on("open", () => {});
    source.addEventListener("error", () => {
      if (this.#source !== source) return;
      this.#tell("down");
      if (source.readyState === EventSource.CLOSED) this.#reopenLater(() => this.#resync());
      else this.#expectWithin(OPEN_MS_MAX);
    });
    on("joined", () => this.#handlers.joined());
    for (const name of ["heartbeat", "checkpoint"]) {
      on(name, (event) => {
        this.#token = event.lastEventId || this.#token;
      });
    }
    // comments-service is out of the gateway's reach: silence is no news.
    on("stale", () => this.#tell("down"));
    on("current", () => {
      this.#failures = 0;
      this.#tell("live");
    });
    for (const kind of THREAD_EVENTS) {
      on(kind, (event) => {
        this.#token = event.lastEventId;
        const told: Omit<ThreadEvent, "kind"> = JSON.parse(event.data);
        this.#handlers.happened({ ...told, kind }, event.lastEventId);
      });
    }
  }

  #address(): string {
    const address = `${this.#path}?after=${encodeURIComponent(this.#token)}`;
    const viewer = viewerName();
    return viewer === "" ? address : `${address}&viewer=${encodeURIComponent(viewer)}`;
  }

  #reopenLater(reopen: () => void): void {
    this.#close();
    const wait = Math.min(REOPEN_AFTER_MS * 2 ** this.#failures, REOPEN_AFTER_MS_MAX);
    this.#failures += 1;
    // Not all pages at once, when a server comes back.
    this.#reopening = setTimeout(reopen, wait * (0.5 + Math.random() / 2));
  }

  // What was refused may be the token, whose events are retained no longer: read the thread, and go
  // on from there.
  async #resync(): Promise<void> {
    const attempt = this.#attempt;
    try {
      this.#token = await this.#handlers.resync();
    } catch (error) {
      if (this.#attempt !== attempt) return;
      const end = endOf(apiErrorOf(error));
      return end === undefined ? this.#reopenLater(() => this.#resync()) : this.#endWith(end);
    }
    if (this.#attempt !== attempt) return;
    this.#reopening = undefined;
    if (document.visibilityState !== "hidden") this.#open();
  }
}
