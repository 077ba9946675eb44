// The thread on the page: the list, the links to more, the counts and the news of others.
import type { Announcer } from "./announcer.ts";
import { isLookedAt } from "./attention.ts";
import type { Comment, Thread } from "./comment.ts";
import type { CommentChanges } from "./comment_changes.ts";
import type { CommentCounts } from "./comment_counts.ts";
import { CommentList, type Reader } from "./comment_list.ts";
import { nodeId } from "./comment_node.ts";
import { NewCommentsPill } from "./new_comments_pill.ts";
import { News } from "./news.ts";
import type { PageClock } from "./page_time.ts";
import { Pager } from "./pager.ts";
import type { ReadMark } from "./read_mark.ts";
import { holdPlace, isTopInView, keepPlace } from "./reading_place.ts";
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
    this.#older = new Pager({
      id: "older",
      rel: "next",
      label: "Older comments",
      insert: (link) => list.after(link),
      sight: "always",
      load: () => void this.#query.loadOlder(),
      leave,
    });
    this.#newer = new Pager({
      id: "newer",
      rel: "prev",
      label: "Newer comments",
      insert: (link) => list.before(link),
      sight: "upwards",
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
    const wasTopInView = isTopInView(this.#list.element);
    keepPlace(
      this.#list.element,
      (item) => shown.has(item.id),
      !this.#wasAtNewest,
      () => {
        this.#list.show(
          comments.map((comment) => this.#changes.shown(comment)),
          this.#known,
        );
        this.#changes.place();
        this.#showLinks(thread, result);
        if (comments.length > 0) this.#section.querySelector(".empty")?.remove();
      },
    );
    this.#wasAtNewest = isAtNewest(thread);
    this.#counts.show(thread, this.#changes.removing(comments));
    const grown = this.#tellNews(thread, comments, wasTopInView);
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

  #tellNews(thread: Thread, comments: readonly Comment[], wasTopInView: boolean): boolean {
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
      if (!wasTopInView) this.#pill.add(others);
      if (!wasTopInView || !isLookedAt()) this.#title.add(others);
    }
    return true;
  }

  #clearSeenNews(): void {
    if (!isAtNewest(this.#query.thread) || !isLookedAt()) return;
    if (!isTopInView(this.#list.element)) return;
    this.#pill.clear();
    this.#title.clear();
    this.#readMark.seen(this.#known);
  }

  goToNewest(): void {
    void this.#goToNewest();
  }

  async #goToNewest(): Promise<void> {
    try {
      await this.#query.showNewest();
    } catch {
      this.#announcer.say("The newest comments could not be loaded. Try again.");
      return;
    }
    this.#pill.clear();
    this.#list.focus();
    this.#section.scrollIntoView({ block: "start" });
  }
}
