// Whether the thread is settled, and the way to settle it or open it again. Shown at once, and taken
// back when it is refused.
import type { Announcer } from "./announcer.ts";
import { apiErrorOf } from "./api_error.ts";
import { settleErrorText, UNCONFIRMED_CHANGE } from "./change_error.ts";
import { isResolved, type ThreadFacts, type Viewer } from "./comment.ts";
import { element, nameNode, timeNode } from "./comment_node.ts";
import type { CommentsApi, Settlement } from "./comments_api.ts";
import type { PageClock } from "./page_time.ts";
import { keyOf, type Owner, type Store } from "./store.ts";
import { factsOf } from "./thread_pages.ts";
import type { ThreadQuery } from "./thread_query.ts";
import { newUuid } from "./uuid.ts";

export interface ThreadHeadParts {
  readonly api: CommentsApi;
  readonly query: ThreadQuery;
  readonly store: Store;
  readonly owner: Owner;
  readonly viewer: Viewer;
  readonly clock: PageClock;
  readonly announcer: Announcer;
}

type Kind = Settlement["kind"];

export class ThreadHead {
  readonly #parts: ThreadHeadParts;
  readonly #key: string;
  readonly #place: HTMLElement;
  readonly #error = element("p", "error");
  // What was asked for and is not answered.
  #asked: Kind | undefined;
  #shown = "";

  // `head` is the thread's.
  constructor(head: HTMLElement, parts: ThreadHeadParts) {
    this.#parts = parts;
    this.#key = keyOf("settle", parts.owner);
    const rendered = document.getElementById("thread-state");
    this.#place = rendered ?? element("form", "thread-state");
    this.#place.id = "thread-state";
    if (rendered === null) head.append(this.#place);
    else this.#shown = this.#keyOf(factsOf(parts.query.thread));
    this.#error.setAttribute("role", "alert");
    head.after(this.#error);
    this.#place.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#settle();
    });
    const last = this.#kept();
    if (last !== undefined && !this.#is(last.kind)) this.#error.textContent = UNCONFIRMED_CHANGE;
  }

  // To be called when the thread has changed.
  show(): void {
    const facts = factsOf(this.#parts.query.thread);
    if (facts === undefined) return;
    const last = this.#kept();
    if (last !== undefined && this.#asked === undefined && this.#is(last.kind)) this.#forget();
    const shown = this.#wanted(facts);
    const key = this.#keyOf(shown);
    if (key === this.#shown) return;
    this.#shown = key;
    const resolved = isResolved(shown);
    const had = this.#place.contains(document.activeElement);
    this.#place.replaceChildren(...this.#stateNodes(shown));
    this.#place.classList.toggle("resolved", resolved);
    if (!this.#parts.viewer.canComment) return;
    const button = element("button", "action", resolved ? "Reopen" : "Resolve");
    // Not disabled in earnest: it would lose the focus.
    if (this.#asked !== undefined) button.setAttribute("aria-disabled", "true");
    this.#place.append(button);
    if (had) button.focus({ preventScroll: true });
  }

  // Tells apart what is to be seen.
  #keyOf(facts: ThreadFacts | undefined): string {
    return JSON.stringify([facts?.state, facts?.stateTime, this.#asked]);
  }

  #stateNodes(facts: ThreadFacts): Node[] {
    if (!isResolved(facts)) return [];
    const node = element("span", "settled", "Resolved");
    if (facts.stateActor !== undefined) node.append(" by ", nameNode(facts.stateActor));
    if (facts.stateTime !== undefined) {
      node.append(", ", timeNode(facts.stateTime, this.#parts.clock));
    }
    return [node];
  }

  // As it will be when what was asked for is done.
  #wanted(facts: ThreadFacts): ThreadFacts {
    if (this.#asked === undefined || this.#is(this.#asked)) return facts;
    const { viewer, clock } = this.#parts;
    const state = this.#asked === "resolve" ? "RESOLVED" : "OPEN";
    const stateTime = new Date(clock.now()).toISOString();
    return { ...facts, state, stateTime, stateActor: viewer };
  }

  #is(kind: Kind): boolean {
    const facts = factsOf(this.#parts.query.thread);
    return facts !== undefined && isResolved(facts) === (kind === "resolve");
  }

  async #settle(): Promise<void> {
    const { api, query, announcer, store } = this.#parts;
    const facts = factsOf(query.thread);
    if (facts === undefined || this.#asked !== undefined) return;
    const kind: Kind = isResolved(facts) ? "reopen" : "resolve";
    const last = this.#kept();
    const settlement: Settlement = last?.kind === kind ? last : { kind, changeId: newUuid() };
    store.set(this.#key, JSON.stringify(settlement));
    this.#asked = kind;
    this.#error.textContent = "";
    this.show();
    try {
      await query.knowsOwnChanges();
      // Nothing is closed over a comment that one has not read.
      const { etag } = factsOf(query.thread) ?? facts;
      const done = await api.settle(settlement, kind === "resolve" ? etag : "");
      query.settled(done.thread, done.consistencyToken);
      this.#forget();
      announcer.say(kind === "resolve" ? "The thread is resolved" : "The thread is open again");
    } catch (thrown) {
      const error = apiErrorOf(thrown);
      // What was refused was not done.
      if (!error.isPassing) this.#forget();
      if (error.status === 412) void query.invalidate();
      this.#error.textContent = settleErrorText(error);
    }
    this.#asked = undefined;
    this.show();
  }

  #kept(): { kind: Kind; changeId: string } | undefined {
    try {
      const kept = JSON.parse(this.#parts.store.get(this.#key) ?? "null");
      const isOne = kept?.kind === "resolve" || kept?.kind === "reopen";
      return isOne && typeof kept.changeId === "string" ? kept : undefined;
    } catch {
      return undefined;
    }
  }

  #forget(): void {
    this.#parts.store.remove(this.#key);
    this.#error.textContent = "";
  }
}
