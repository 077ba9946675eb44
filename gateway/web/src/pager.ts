// The link to older or newer comments. It is loaded when it comes into sight, or is activated. One
// that leads upwards waits until somebody has gone up: whoever opens a page in the middle of a thread
// has it in sight and wants to stay.
import { element } from "./comment_node.ts";

const MARGIN_PX = 200;

export interface PagerState {
  readonly cursor: string | undefined;
  readonly isLoading: boolean;
  readonly hasFailed: boolean;
}

export class Pager {
  readonly #id: string;
  readonly #rel: string;
  readonly #label: string;
  readonly #insert: (link: HTMLElement) => void;
  readonly #query: string;
  readonly #load: () => void;
  #isSightEnough: boolean;
  #scrolledTo = window.scrollY;
  // Whoever was on a link that is gone goes on from elsewhere.
  readonly #leave: () => void;
  readonly #sight = new IntersectionObserver((entries) => this.#sighted(entries), {
    rootMargin: `${MARGIN_PX}px 0px`,
  });
  #link: HTMLAnchorElement | undefined;

  constructor(options: {
    id: string;
    rel: string;
    label: string;
    insert: (link: HTMLElement) => void;
    sight: "always" | "upwards";
    // What its address says besides the cursor.
    query: string;
    load: () => void;
    leave: () => void;
  }) {
    this.#id = options.id;
    this.#rel = options.rel;
    this.#label = options.label;
    this.#insert = options.insert;
    this.#query = options.query;
    this.#load = options.load;
    this.#isSightEnough = options.sight === "always";
    if (!this.#isSightEnough) {
      window.addEventListener("scroll", () => this.#followScroll(), { passive: true });
    }
    this.#leave = options.leave;
    const rendered = document.getElementById(options.id);
    if (rendered instanceof HTMLAnchorElement) this.#adopt(rendered);
  }

  show({ cursor, isLoading, hasFailed }: PagerState): void {
    if (cursor === undefined) {
      this.#remove();
      return;
    }
    const link = this.#link ?? this.#make();
    link.href = `${location.pathname}?cursor=${encodeURIComponent(cursor)}${this.#query}`;
    link.textContent = hasFailed ? `${this.#label} could not be loaded. Try again` : this.#label;
    if (isLoading) link.setAttribute("aria-busy", "true");
    else link.removeAttribute("aria-busy");
    // Observed anew, it is reported anew if it is still in sight; after a failure only by hand.
    this.#sight.disconnect();
    if (!isLoading && !hasFailed) this.#sight.observe(link);
  }

  #followScroll(): void {
    const goesUp = window.scrollY < this.#scrolledTo;
    this.#scrolledTo = window.scrollY;
    if (!goesUp || this.#isSightEnough) return;
    this.#isSightEnough = true;
    // Observed anew, it is reported anew if it is in sight already.
    if (this.#link === undefined || this.#link.hasAttribute("aria-busy")) return;
    this.#sight.disconnect();
    this.#sight.observe(this.#link);
  }

  #make(): HTMLAnchorElement {
    const link = element("a", "pager");
    link.id = this.#id;
    link.rel = this.#rel;
    this.#insert(link);
    this.#adopt(link);
    return link;
  }

  #adopt(link: HTMLAnchorElement): void {
    this.#link = link;
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      this.#load();
    });
  }

  #remove(): void {
    if (this.#link === undefined) return;
    this.#sight.disconnect();
    if (document.activeElement === this.#link) this.#leave();
    this.#link.remove();
    this.#link = undefined;
  }

  #sighted(entries: readonly IntersectionObserverEntry[]): void {
    if (this.#isSightEnough && entries.some((entry) => entry.isIntersecting)) this.#load();
  }
}
