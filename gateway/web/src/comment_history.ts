// What an edited comment said before: in its place, where its "edited" is followed.
import type { Announcer } from "./announcer.ts";
import { bodyNode, element, nameNode, timeNode } from "./comment_node.ts";
import type { CommentsApi, Revision } from "./comments_api.ts";
import type { PageClock } from "./page_time.ts";

export class CommentHistory {
  readonly #api: CommentsApi;
  readonly #clock: PageClock;
  readonly #announcer: Announcer;

  constructor(list: HTMLElement, api: CommentsApi, clock: PageClock, announcer: Announcer) {
    this.#api = api;
    this.#clock = clock;
    this.#announcer = announcer;
    list.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      const link = event.target instanceof Element ? event.target.closest("a.edited") : null;
      const item = link?.closest("li");
      if (!link || !item) return;
      event.preventDefault();
      void this.#toggle(link, item);
    });
  }

  async #toggle(link: Element, item: Element): Promise<void> {
    const open = item.querySelector(".revisions");
    link.setAttribute("aria-expanded", String(open === null));
    if (open !== null) {
      open.remove();
      return;
    }
    const list = element("ol", "revisions");
    list.setAttribute("aria-label", "What it said before");
    item.querySelector("article")?.append(list);
    try {
      const { revisions } = await this.#api.revisions(item.id.replace(/^comment-/, ""));
      // The newest is what stands above.
      const earlier = revisions.slice(0, -1).reverse();
      list.append(...earlier.map((each) => this.#node(each)));
      // Nothing is kept of what was edited before it was imported.
      if (earlier.length === 0) list.append(element("li", "revision", "Not known: imported so."));
      this.#announcer.say(`${earlier.length} earlier version${earlier.length === 1 ? "" : "s"}`);
    } catch {
      list.remove();
      link.setAttribute("aria-expanded", "false");
      this.#announcer.say("What it said before could not be read. Try again.");
    }
  }

  #node(revision: Revision): HTMLElement {
    const from = element("p", "revision-head", nameNode(revision.editor), ", ");
    from.append(timeNode(revision.time, this.#clock));
    const body = revision.erased ? element("p", "tombstone", "Erased") : bodyNode(revision.body);
    return element("li", "revision", from, body);
  }
}
