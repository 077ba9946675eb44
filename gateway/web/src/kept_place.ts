// Where one was reading, kept with the page's entry in the browser's history: going back to it and
// reloading lead there again, also when that part of the thread has to be read anew.
import { nodeId } from "./comment_node.ts";
import { anchorOf, isTopInView, moveBack, ROUNDING_PX, topOf } from "./reading_place.ts";
import type { ThreadQuery } from "./thread_query.ts";

// Between two writes while one scrolls: browsers allow a few in a second.
const REST_MS = 250;

interface Place {
  readonly itemId: string;
  // Pixels from the top of the window.
  readonly top: number;
  // Of the page that it stands on.
  readonly cursor: string;
}

export class KeptPlace {
  readonly #list: HTMLElement;
  readonly #query: ThreadQuery;
  // Where the reader is on the way to: what it takes may still have to be loaded.
  #wanted: Place | undefined;
  #writing: ReturnType<typeof setTimeout> | undefined;

  constructor(list: HTMLElement, query: ThreadQuery) {
    this.#list = list;
    this.#query = query;
  }

  start(): void {
    this.#wanted = history.state?.place;
    if (this.#wanted !== undefined) void this.#return(this.#wanted);
    window.addEventListener("scroll", () => this.#noteSoon(), { passive: true });
    window.addEventListener("pagehide", () => this.#note());
    // Whoever goes elsewhere meanwhile is not brought back.
    for (const type of ["wheel", "touchstart", "keydown", "pointerdown"]) {
      window.addEventListener(type, () => this.#stop(), { passive: true });
    }
  }

  // To be called when the list has changed.
  listChanged(): void {
    const { itemId, top } = this.#wanted ?? {};
    const item = itemId === undefined ? null : document.getElementById(itemId);
    if (item === null || top === undefined) return;
    moveBack(topOf(item) - top);
    const missing = topOf(item) - top;
    // Above or below it something was in sight that is not there yet.
    if (missing < -ROUNDING_PX) void this.#query.loadNewer();
    else if (missing > ROUNDING_PX) void this.#query.loadOlder();
    else this.#stop();
  }

  async #return({ itemId, cursor }: Place): Promise<void> {
    try {
      if (document.getElementById(itemId) === null) await this.#query.showPage(cursor);
      this.listChanged();
    } catch {
      // It can be scrolled to all the same.
      this.#stop();
    }
  }

  #stop(): void {
    this.#wanted = undefined;
  }

  #noteSoon(): void {
    clearTimeout(this.#writing);
    this.#writing = setTimeout(() => this.#note(), REST_MS);
  }

  #note(): void {
    clearTimeout(this.#writing);
    if (this.#wanted !== undefined) return;
    const place = this.#place();
    history.scrollRestoration = place === undefined ? "auto" : "manual";
    history.replaceState({ place }, "");
  }

  // Undefined at the beginning of the newest page, where everybody begins.
  #place(): Place | undefined {
    const item = isTopInView(this.#list) ? undefined : anchorOf(this.#list, () => true);
    if (item === undefined) return undefined;
    const { pages, pageParams } = this.#query.thread;
    const page = pages.findIndex(({ comments }) =>
      comments.some((comment) => nodeId(comment.commentId) === item.id),
    );
    return { itemId: item.id, top: topOf(item), cursor: pageParams[page] ?? "" };
  }
}
