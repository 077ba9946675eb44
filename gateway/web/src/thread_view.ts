// The thread on the page: the list, the links to more, the counts and the news of others.
import type { Announcer } from "./announcer.ts";
import { isLookedAt } from "./attention.ts";
import { type Comment, NEWEST, type Thread } from "./comment.ts";
import type { CommentChanges } from "./comment_changes.ts";
import type { CommentCounts } from "./comment_counts.ts";
import { CommentList, type Reader } from "./comment_list.ts";
import { nodeId } from "./comment_node.ts";
import { NewCommentsPill } from "./new_comments_pill.ts";
import { News } from "./news.ts";
import type { PageClock } from "./page_time.ts";
import { Pager } from "./pager.ts";
import type { ReadMark } from "./read_mark.ts";
import { goAndStay, holdPlace, isNewestInView, isOldestFirst, keepPlace } from "./reading_place.ts";
import { TabTitle } from "./tab_title.ts";
import { shownName } from "./text.ts";
import { commentsOf, isAtNewest, totalOf } from "./thread_pages.ts";
import type { ThreadQuery, ThreadResult } from "./thread_query.ts";

export class ThreadView {
  readonly #section: HTMLElement;
  readonly #list: CommentList;
  readonly #query: ThreadQuery;
  readonly #counts: CommentCounts;
  readonly #announcer: Announcer;
  readonly #news: News;
  readonly #userId: string;
  readonly #readMark: ReadMark;
  readonly #changes: CommentChanges;
  readonly #title = new TabTitle();
  readonly #pill: NewCommentsPill;
  readonly #older: Pager;
  readonly #newer: Pager;
  // How many comments there are that one knows of.
  #known: number;
  #wasAtNewest: boolean;

  constructor(
    section: HTMLElement,
    list: HTMLElement,
    parts: {
      query: ThreadQuery;
      counts: CommentCounts;
      announcer: Announcer;
      clock: PageClock;
      userId: string;
      readMark: ReadMark;
      // How many there were already that one had not read.
      unread: number;
      changes: CommentChanges;
      actions: Reader["actions"];
    },
  ) {
    this.#section = section;
    this.#readMark = parts.readMark;
    this.#changes = parts.changes;
    this.#list = new CommentList(list, parts.clock, {
      userId: parts.userId,
      seen: parts.readMark.sequence,
      actions: parts.actions,
    });
    this.#query = parts.query;
    this.#counts = parts.counts;
    this.#announcer = parts.announcer;
    this.#news = new News(parts.announcer);
    this.#userId = parts.userId;
    this.#known = totalOf(parts.query.thread);
    this.#wasAtNewest = isAtNewest(parts.query.thread);
    this.#title.add(parts.unread);
    this.#pill = new NewCommentsPill(list, () => this.goToNewest());
    const leave = () => this.#list.focus();
    const isUpwards = isOldestFirst(list);
    const above = { insert: (link: HTMLElement) => list.before(link), sight: "upwards" } as const;
    const below = { insert: (link: HTMLElement) => list.after(link), sight: "always" } as const;
    this.#older = new Pager({
      id: "older",
      rel: "next",
      label: "Older comments",
      ...(isUpwards ? above : below),
      query: isUpwards ? "&order=oldest" : "",
      load: () => void this.#query.loadOlder(),
      leave,
    });
    this.#newer = new Pager({
      id: "newer",
      rel: "prev",
      label: "Newer comments",
      ...(isUpwards ? below : above),
      query: isUpwards ? "&order=oldest" : "",
      load: () => void this.#query.loadNewer(),
      leave,
    });
    holdPlace(list);
    window.addEventListener("scroll", () => this.#clearSeenNews(), { passive: true });
    window.addEventListener("focus", () => this.#clearSeenNews());
  }

  // Returns whether there are more comments than before.
  show(result: ThreadResult): boolean {
    const thread = this.#query.thread;
    const comments = commentsOf(thread);
    const shown = new Set(comments.map((comment) => nodeId(comment.commentId)));
    const wasInView = this.isNewestInView();
    keepPlace(
      this.#list.element,
      (item) => shown.has(item.id),
      !this.#wasAtNewest,
      () => {
        this.#list.show(
          comments.map((comment) => this.#changes.shown(comment)),
          this.#known,
          { newest: isAtNewest(thread), oldest: !result.hasNextPage },
        );
        this.#changes.place();
        this.#showLinks(thread, result);
        if (comments.length > 0) this.#section.querySelector(".empty")?.remove();
      },
    );
    this.#wasAtNewest = isAtNewest(thread);
    this.#counts.show(thread, this.#changes.removing(comments));
    const grown = this.#tellNews(thread, comments, wasInView);
    this.#clearSeenNews();
    return grown;
  }

  #showLinks(thread: Thread, result: ThreadResult): void {
    this.#older.show({
      cursor: result.hasNextPage ? thread.pages.at(-1)?.nextCursor : undefined,
      isLoading: result.isFetchingNextPage,
      hasFailed: result.isFetchNextPageError,
    });
    this.#newer.show({
      cursor: result.hasPreviousPage ? thread.pages[0]?.previousCursor : undefined,
      isLoading: result.isFetchingPreviousPage,
      hasFailed: result.isFetchPreviousPageError,
    });
  }

  #tellNews(thread: Thread, comments: readonly Comment[], wasInView: boolean): boolean {
    const total = totalOf(thread);
    const arrived = total - this.#known;
    if (arrived <= 0) return false;
    const news = comments.filter((comment) => comment.sequence > this.#known);
    this.#known = total;
    const fromOthers = news.filter((comment) => comment.author.userId !== this.#userId);
    // Not all that arrived need be loaded.
    const others = arrived - (news.length - fromOthers.length);
    if (others > 0) {
      const [first] = fromOthers;
      this.#news.add(others, first === undefined ? "someone else" : shownName(first.author));
      if (!wasInView) this.#pill.add(others);
      if (!wasInView || !isLookedAt()) this.#title.add(others);
    }
    return true;
  }

  #clearSeenNews(): void {
    if (!isAtNewest(this.#query.thread) || !isLookedAt()) return;
    if (!this.isNewestInView()) return;
    this.#pill.clear();
    this.#title.clear();
    this.#readMark.seen(this.#known);
  }

  goToNewest(): void {
    void this.#goToNewest();
  }

  async #goToNewest(): Promise<void> {
    if (!(await this.#showNewest())) return;
    this.#list.focus();
    const block = isOldestFirst(this.#list.element) ? "end" : "start";
    goAndStay(() => this.#section.scrollIntoView({ block }));
  }

  // To be called when one begins to write: where that is done below the newest, they are shown.
  writes(): void {
    if (isOldestFirst(this.#list.element)) void this.#showNewest();
  }

  async #showNewest(): Promise<boolean> {
    try {
      await this.#query.showNewest();
      this.#pill.clear();
      return true;
    } catch {
      this.#announcer.say("The newest comments could not be loaded. Try again.");
      return false;
    }
  }

  // Whether one looks at where new comments come: at the list's beginning or end, unless there is more
  // of it because one came from elsewhere.
  isNewestInView(): boolean {
    const list = this.#list.element;
    const isOfNewest = this.#query.thread.pageParams[0] === NEWEST;
    return isNewestInView(list) && (this.#wasAtNewest || (isOfNewest && !isOldestFirst(list)));
  }
}
