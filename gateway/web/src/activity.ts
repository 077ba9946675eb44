// The sidebar with the newest comments of all invoices. What it showed last stays in the cache, so
// that it opens at once, and reads nothing when it was read just before. While it is open and somebody
// looks, it follows what happens.
import { type QueryClient, QueryObserver } from "@tanstack/query-core";
import { activityNode } from "./activity_node.ts";
import type { Announcer } from "./announcer.ts";
import type { ApiError } from "./api_error.ts";
import type { Comment, CommentPage } from "./comment.ts";
import { activityKeys } from "./comment_keys.ts";
import { element } from "./comment_node.ts";
import { readActivity } from "./comments_api.ts";
import type { PageClock } from "./page_time.ts";
import { viewerUserId } from "./session.ts";

export const ACTIVITY_FRESH_MS = 30_000;
// Of this page's own thread it hears at once.
export const ACTIVITY_POLL_MS = 10_000;

type ListKey = ReturnType<typeof activityKeys.list>;

export class Activity {
  readonly #aside: HTMLElement;
  readonly #toggle: HTMLElement;
  readonly #close: HTMLElement;
  readonly #clock: PageClock;
  readonly #announcer: Announcer;
  readonly #recent: QueryObserver<CommentPage, ApiError, CommentPage, CommentPage, ListKey>;
  readonly #empty: string;
  #leave: (() => void) | undefined;

  constructor(
    parts: { aside: HTMLElement; toggle: HTMLElement; close: HTMLElement },
    client: QueryClient,
    clock: PageClock,
    announcer: Announcer,
  ) {
    this.#aside = parts.aside;
    this.#toggle = parts.toggle;
    this.#close = parts.close;
    this.#clock = clock;
    this.#announcer = announcer;
    const mentioning = new URLSearchParams(location.search).get("activity") === "mentions";
    this.#empty = mentioning ? "Nobody has mentioned you yet." : "Nobody has commented yet.";
    this.#recent = new QueryObserver(client, {
      queryKey: activityKeys.list(),
      // What the browser thinks of the network is often wrong: only asking tells.
      networkMode: "always",
      queryFn: ({ signal }) => readActivity(mentioning, signal),
      refetchInterval: ACTIVITY_POLL_MS,
      notifyOnChangeProps: ["data", "isError"],
      staleTime: ACTIVITY_FRESH_MS,
      refetchOnWindowFocus: false,
      retry: 1,
    });
    this.#listen();
    if (this.isOpen) this.#follow();
  }

  get isOpen(): boolean {
    return !this.#aside.hidden;
  }

  #listen(): void {
    this.#toggle.setAttribute("role", "button");
    this.#close.setAttribute("role", "button");
    this.#toggle.setAttribute("aria-expanded", String(this.isOpen));
    onActivation(this.#toggle, () => (this.isOpen ? this.close() : this.open()));
    onActivation(this.#close, () => this.close());
    // What is followed may be on this very page, under the sidebar.
    this.#aside.addEventListener("click", (event) => {
      const link = event.target instanceof Element ? event.target.closest("li a") : null;
      if (link !== null && !event.ctrlKey && !event.metaKey && !event.shiftKey) this.close();
    });
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.isOpen) this.close();
    });
  }

  open(): void {
    this.#show(true);
    this.#follow();
    this.#close.focus();
  }

  #follow(): void {
    this.#leave = this.#recent.subscribe(() => this.#render());
    this.#render();
  }

  close(): void {
    const hadFocus = this.#aside.contains(document.activeElement);
    this.#leave?.();
    this.#show(false);
    if (hadFocus || document.activeElement === document.body) this.#toggle.focus();
  }

  #show(isOpen: boolean): void {
    this.#aside.hidden = !isOpen;
    this.#toggle.setAttribute("aria-expanded", String(isOpen));
  }

  #render(): void {
    const { data, isError } = this.#recent.getCurrentResult();
    // Until it is read, what the server rendered stays.
    if (data === undefined && !isError) return;
    const list = this.#list();
    if (data !== undefined) {
      // What was said last, which may have been imported before what was said elsewhere meanwhile.
      const comments = [...data.comments].sort((a, b) => timeOf(b) - timeOf(a));
      const unread = new Set(comments.filter((each) => isUnread(each, data)));
      // What is unread comes first.
      const ordered = new Set([...unread, ...comments]);
      const invoices = new Map(data.invoices?.map((each) => [each.invoiceId, each]));
      const focused = document.activeElement?.getAttribute("href");
      const hadFocus = list.contains(document.activeElement);
      list.replaceChildren(
        ...Array.from(ordered, (each) =>
          activityNode(each, invoices.get(each.invoiceId), unread.has(each), this.#clock),
        ),
      );
      for (const link of hadFocus ? list.querySelectorAll("a") : []) {
        if (link.getAttribute("href") === focused) link.focus();
      }
    }
    this.#say(
      isError ? "Recent activity could not be read. Close it and open it again." : undefined,
    );
    if (data?.comments.length === 0) this.#say(this.#empty);
  }

  #list(): HTMLElement {
    const rendered = this.#aside.querySelector<HTMLElement>(".activity-list");
    if (rendered !== null) return rendered;
    const list = element("ol", "activity-list");
    this.#aside.append(list);
    return list;
  }

  #say(text: string | undefined): void {
    this.#aside.querySelector(":scope > p")?.remove();
    if (text === undefined) return;
    this.#list().before(element("p", "", text));
    this.#announcer.say(text);
  }
}

function timeOf({ createTime }: Comment): number {
  return Date.parse(createTime);
}

function isUnread(comment: Comment, page: CommentPage): boolean {
  if (comment.removal !== undefined || comment.author.userId === viewerUserId()) return false;
  const state = page.readStates?.find(({ invoiceId }) => invoiceId === comment.invoiceId);
  return state !== undefined && comment.sequence > state.readSequence;
}

// A link that acts as a button: Space presses it too.
function onActivation(link: HTMLElement, act: () => void): void {
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    act();
  });
  link.addEventListener("keydown", (event) => {
    if (event.key !== " ") return;
    event.preventDefault();
    act();
  });
}
