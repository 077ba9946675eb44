// Where one was reading, kept with the page's entry in the browser's history: going back to it and
// reloading lead there again, also when that part of the thread has to be read anew. And where a link
// leads: to a comment, which is marked.
import type { Announcer } from "./announcer.ts";
import { AROUND } from "./comment.ts";
import { nodeId } from "./comment_node.ts";
import {
  anchorOf,
  coveredHeight,
  isOldestFirst,
  isTopInView,
  moveBack,
  ROUNDING_PX,
  topOf,
  whenLeft,
} from "./reading_place.ts";
import { isStatusLine } from "./status_lines.ts";
import type { ThreadQuery } from "./thread_query.ts";

// Between two writes while one scrolls: browsers allow a few in a second.
const REST_MS = 250;
// A browser scrolls by itself to what has the focus, and may still be on its way when one has
// arrived: for so long the place is kept against it.
const SETTLE_MS = 250;
// Above a comment that a link leads to.
const MARGIN_PX = 24;

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
  readonly #announcer: Announcer;
  // What a link led to.
  #marked: string | undefined;
  // Where the reader is on the way to: what it takes may still have to be loaded.
  #wanted: Place | undefined;
  #writing: ReturnType<typeof setTimeout> | undefined;
  // Once one has arrived.
  #settling: ReturnType<typeof setTimeout> | undefined;

  constructor(list: HTMLElement, query: ThreadQuery, announcer: Announcer) {
    this.#list = list;
    this.#query = query;
    this.#announcer = announcer;
  }

  start(): void {
    this.#follow(history.state?.place);
    window.addEventListener("hashchange", () => this.#follow(undefined));
    this.#list.addEventListener("click", (event) => this.#clicked(event));
    window.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    window.addEventListener("pagehide", () => this.#note());
    whenLeft(() => this.#stop());
  }

  // Goes to `place`, or else to where the address leads.
  #follow(place: Place | undefined): void {
    this.#stop();
    this.#marked = itemOfAddress();
    this.#wanted = place ?? linkedPlace(this.#marked);
    if (this.#wanted !== undefined) void this.#return(this.#wanted);
    this.#mark();
  }

  // The time of a comment is its address: followed here, it moves nothing.
  #clicked(event: MouseEvent): void {
    if (event.ctrlKey || event.metaKey || event.shiftKey || !(event.target instanceof Element))
      return;
    const link = event.target.closest<HTMLAnchorElement>("a.permalink");
    if (link === null) return;
    event.preventDefault();
    history.replaceState(history.state, "", link.href);
    this.#marked = itemOfAddress();
    this.#mark();
    this.#announcer.say("The address bar now leads to this comment");
  }

  #mark(): void {
    for (const item of this.#list.querySelectorAll(".marked")) {
      if (item.id !== this.#marked) item.classList.remove("marked");
    }
    if (this.#marked !== undefined) document.getElementById(this.#marked)?.classList.add("marked");
  }

  // To be called when the list has changed.
  listChanged(): void {
    this.#mark();
    if (this.#wanted === undefined) {
      if (this.#hasLeftLink()) this.#noteSoon();
      return;
    }
    const missing = this.#approach(this.#wanted);
    if (missing === undefined) return;
    // Above or below it something was in sight that is not there yet.
    if (Math.abs(missing) <= ROUNDING_PX) this.#settle();
    else if (missing < 0 === isOldestFirst(this.#list)) void this.#query.loadOlder();
    else void this.#query.loadNewer();
  }

  async #return({ itemId, cursor }: Place): Promise<void> {
    try {
      if (document.getElementById(itemId) === null) await this.#query.showPage(cursor);
      this.listChanged();
    } catch {
      // It can be scrolled to all the same.
      this.#stop();
      if (itemId === this.#marked) {
        this.#announcer.say("The comment that the link leads to was not found");
      }
    }
  }

  // Goes there as far as the list reaches, and returns how far it is from there.
  #approach({ itemId, top }: Place): number | undefined {
    const item = document.getElementById(itemId);
    if (item === null) return undefined;
    moveBack(topOf(item) - top);
    return topOf(item) - top;
  }

  #settle(): void {
    // What was scrolled meanwhile is told before the frame.
    this.#settling ??= setTimeout(() => requestAnimationFrame(() => this.#settled()), SETTLE_MS);
  }

  #settled(): void {
    if (this.#settling === undefined || this.#wanted === undefined) return;
    this.#settling = undefined;
    const { itemId, top } = this.#wanted;
    const item = document.getElementById(itemId);
    if (item !== null && Math.abs(topOf(item) - top) > ROUNDING_PX) {
      this.listChanged();
      return;
    }
    this.#stop();
    this.#noteSoon();
  }

  #scrolled(): void {
    if (this.#settling !== undefined && this.#wanted !== undefined) this.#approach(this.#wanted);
    this.#noteSoon();
  }

  #stop(): void {
    this.#wanted = undefined;
    clearTimeout(this.#settling);
    this.#settling = undefined;
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
    if (!this.#hasLeftLink()) {
      history.replaceState({ place }, "");
      return;
    }
    // One reads elsewhere by now: a reload must not lead back to the link.
    this.#marked = undefined;
    const query = new URLSearchParams(location.search);
    query.delete("comment");
    history.replaceState({ place }, "", `${location.pathname}?${query}`.replace(/\?$/, ""));
  }

  // Whether what a link led to is no longer among what is loaded.
  #hasLeftLink(): boolean {
    return this.#marked !== undefined && document.getElementById(this.#marked) === null;
  }

  // Undefined at the beginning of the first page, where everybody begins.
  #place(): Place | undefined {
    const item = isTopInView(this.#list)
      ? undefined
      : anchorOf(this.#list, (each) => !isStatusLine(each));
    if (item === undefined) return undefined;
    const { pages, pageParams } = this.#query.thread;
    const page = pages.findIndex(({ comments }) =>
      comments.some((comment) => nodeId(comment.commentId) === item.id),
    );
    return { itemId: item.id, top: topOf(item), cursor: pageParams[page] ?? "" };
  }
}

function linkedPlace(itemId: string | undefined): Place | undefined {
  if (itemId === undefined) return undefined;
  const cursor = AROUND + itemId.replace(/^comment-/, "");
  return { itemId, top: coveredHeight() + MARGIN_PX, cursor };
}

// What the address of the page leads to, if to a comment.
function itemOfAddress(): string | undefined {
  const linked = new URLSearchParams(location.search).get("comment");
  if (linked !== null) return nodeId(linked);
  const { hash } = location;
  return hash?.startsWith("#comment-") ? hash.slice(1) : undefined;
}
