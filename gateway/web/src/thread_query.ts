// The thread in the client cache: one infinite query, kept current by the newest page, a query of
// its own, whose tag changes with all that happens in the thread: as long as it does not, what is
// loaded is current, and to know that takes one conditional read however many pages there are. When
// it does, the changes since then are read, or, where they are retained no longer, the pages anew.
import {
  InfiniteQueryObserver,
  type InfiniteQueryObserverResult,
  type QueryClient,
  QueryObserver,
} from "@tanstack/query-core";
import { type ApiError, apiErrorOf } from "./api_error.ts";
import {
  type AddedComment,
  AROUND,
  type Comment,
  type CommentPage,
  isNewer,
  isPending,
  NEWEST,
  type Thread,
  type ThreadEvent,
  type ThreadFacts,
} from "./comment.ts";
import { commentKeys } from "./comment_keys.ts";
import type { CommentsApi, TaggedPage } from "./comments_api.ts";
import { endOf } from "./session.ts";
import {
  commentsOf,
  factsOf,
  isAtNewest,
  isStored,
  oldestOf,
  settled,
  threadOf,
  tokenOf,
  totalOf,
  withArrived,
  withFacts,
  withKnown,
  withNewestPage,
  withoutPending,
  withPending,
  withReadPages,
  withVersions,
} from "./thread_pages.ts";

export const PAGES_MAX = 10;
export const POLL_INTERVAL_MS = 10_000;
const READ_RETRIES_MAX = 2;
// Of changes that were told while what they belong to was being read, or was not shown.
const TOLD_COMMENTS_MAX = 200;
const CHANGES_ROUNDS_MAX = 20;

// What the page was rendered from.
export interface FirstPage {
  readonly invoiceId: string;
  readonly cursor: string;
  readonly page: CommentPage;
  readonly etag: string;
}

// The newest page as it was last read, if it was.
type Newest = Partial<TaggedPage>;

type ListKey = ReturnType<typeof commentKeys.lists>;

export type ThreadResult = InfiniteQueryObserverResult<Thread, ApiError>;

export class ThreadQuery {
  readonly #client: QueryClient;
  readonly #invoiceId: string;
  readonly #api: CommentsApi;
  readonly #list: InfiniteQueryObserver<CommentPage, ApiError, Thread, ListKey, string>;
  readonly #newest: QueryObserver<Newest, ApiError>;
  // Whether the cache is being written to by hand, not by a read that ended.
  #writing = false;
  // What one's own comment took the place of when it was posted from an older page.
  readonly #left = new Map<string, Thread>();
  readonly #isNewestInView: () => boolean;
  #merged: CommentPage | undefined;
  // The latest that the total is known from: a read at least as fresh counts all that is shown.
  #token: string;
  // All that has happened until then is on the page.
  #heard: string;
  // How often something may have happened that nobody tells of, and up to which of those times all of
  // it is known.
  #missed = 0;
  #caughtUp = 0;
  readonly #told = new Map<string, Comment>();
  // While there is no stream to tell of everything.
  #isPolling = false;
  #isCatchingUp = false;
  #retrying: ReturnType<typeof setTimeout> | undefined;
  // A revision of the thread before what one changed oneself last, where that did not tell its own.
  #changedAt = -1;

  // `isNewestInView` says whether one looks at where new comments come: only then may what is shown be
  // replaced by them.
  constructor(
    client: QueryClient,
    api: CommentsApi,
    first: FirstPage,
    isNewestInView: () => boolean,
  ) {
    this.#client = client;
    this.#api = api;
    this.#invoiceId = first.invoiceId;
    this.#isNewestInView = isNewestInView;
    this.#merged = first.page;
    this.#token = first.page.consistencyToken;
    this.#heard = this.#token;
    this.#list = new InfiniteQueryObserver(client, {
      queryKey: commentKeys.lists(first.invoiceId),
      networkMode: "always",
      queryFn: ({ pageParam, signal }) => api.page(pageParam, signal),
      initialData: threadOf(first.page, first.cursor),
      initialPageParam: NEWEST,
      getNextPageParam: (page) => page.nextCursor || undefined,
      getPreviousPageParam: (page, pages, _cursor, pageParams) =>
        isAtNewest({ pages, pageParams }) ? undefined : page.previousCursor || undefined,
      maxPages: PAGES_MAX,
      staleTime: Number.POSITIVE_INFINITY,
      gcTime: Number.POSITIVE_INFINITY,
      retry: retryPassing,
      structuralSharing: (current, next) =>
        current === undefined ? next : this.#latest(current as Thread, next as Thread),
    });
    const isNewest = first.cursor === NEWEST;
    this.#newest = new QueryObserver<Newest, ApiError>(client, {
      queryKey: commentKeys.newest(first.invoiceId),
      // What the browser thinks of the network is often wrong: only asking tells.
      networkMode: "always",
      queryFn: ({ signal }) => this.#readNewest(signal),
      initialData: isNewest ? { page: first.page, etag: first.etag } : {},
      staleTime: Number.POSITIVE_INFINITY,
      gcTime: Number.POSITIVE_INFINITY,
      retry: false,
      structuralSharing: false,
    });
  }

  // Calls back whenever what is shown may have changed, until the page is left.
  subscribe(changed: (result: ThreadResult) => void): void {
    this.#list.subscribe(changed);
    this.#newest.subscribe(({ data }) => {
      if (data?.page !== undefined && data.page !== this.#merged) this.#polled(data.page);
    });
  }

  get result(): ThreadResult {
    return this.#list.getCurrentResult();
  }

  get thread(): Thread {
    return this.result.data ?? { pages: [], pageParams: [] };
  }

  get token(): string {
    return this.#token;
  }

  // Polls the newest page while one looks at it; focus after an interval without polls at once.
  setPolling(polling: boolean): void {
    this.#isPolling = polling;
    this.#newest.setOptions({
      ...this.#newest.options,
      refetchInterval: polling && POLL_INTERVAL_MS,
      refetchOnWindowFocus: polling && "always",
    });
  }

  // What the stream told of. Nothing before is missing, unless it was missed already.
  happened(event: ThreadEvent, token: string): void {
    if (!this.#isBehind) this.#heard = token;
    this.#token = token;
    this.#apply(event);
  }

  // A comment that has changed, as somebody tells who asked for it.
  changed(comment: Comment, thread?: ThreadFacts, token = this.#token): void {
    this.#token = token;
    if (thread === undefined) this.#hasChanged();
    this.#apply({ kind: "comment_edited", comment, ...(thread && { thread }) });
  }

  // Returns when what is known of the thread is not older than what one has changed oneself.
  async knowsOwnChanges(): Promise<void> {
    if ((factsOf(this.thread)?.revision ?? 0) <= this.#changedAt) await this.invalidate();
  }

  // What one changed before may not be known yet either.
  #hasChanged(): void {
    this.#changedAt = Math.max(this.#changedAt + 1, factsOf(this.thread)?.revision ?? 0);
  }

  settled(facts: ThreadFacts, token: string): void {
    this.#token = token;
    this.#write(withFacts(this.thread, facts));
  }

  #apply({ kind, comment, thread: facts, totalSize }: ThreadEvent): void {
    if (comment !== undefined && (kind === "comment" || kind === "comment_added")) {
      this.#add(comment, totalSize ?? facts?.placeCount ?? comment.sequence, facts);
      return;
    }
    if (comment !== undefined) this.#note(comment);
    this.#write(withFacts(this.thread, facts));
  }

  // Of two tellings the later one stays.
  #note(comment: Comment): void {
    const { commentId } = comment;
    const known = this.#told.get(commentId);
    this.#told.delete(commentId);
    this.#told.set(commentId, known !== undefined && isNewer(known, comment) ? known : comment);
    const [oldest] = this.#told.keys();
    if (oldest !== undefined && this.#told.size > TOLD_COMMENTS_MAX) this.#told.delete(oldest);
  }

  #add(comment: Comment, total: number, facts: ThreadFacts | undefined): void {
    const merge = withArrived(this.thread, comment, total, facts);
    this.#write(merge.thread);
    // Something is missing in between: the newest page has it, or takes the place of what is shown.
    if (!merge.joined && this.#isNewestInView()) void this.invalidate();
  }

  // Shows a comment before it is stored. Reads in flight began before it and must not undo it.
  async begin(comment: Comment): Promise<void> {
    const cancelled = this.#client.cancelQueries({
      queryKey: commentKeys.thread(this.#invoiceId),
    });
    let { thread } = this;
    if (!isAtNewest(thread)) {
      this.#left.set(comment.commentId, thread);
      thread = threadOf(this.#newestPage ?? emptyPage(thread));
    }
    this.#write(withPending(thread, comment));
    await cancelled;
    if (!isAtNewest(this.thread)) void this.invalidate();
  }

  confirm(added: AddedComment): void {
    this.#token = added.consistencyToken;
    this.#left.delete(added.comment.commentId);
    if (added.thread === undefined) this.#hasChanged();
    const total = Math.max(totalOf(this.thread), added.comment.sequence);
    this.#write(withArrived(this.thread, added.comment, total, added.thread).thread);
  }

  // Takes back what was begun, unless it was stored all the same: then false.
  withdraw(commentId: string): boolean {
    const left = this.#left.get(commentId);
    this.#left.delete(commentId);
    if (isStored(this.thread, commentId)) return false;
    const rest = withoutPending(this.thread, commentId);
    // What else one is sending stays in sight.
    this.#write(commentsOf(rest).some(isPending) ? rest : (left ?? rest));
    return true;
  }

  // Reads the newest page again, whatever is known of it.
  invalidate(): Promise<void> {
    return this.#client.invalidateQueries({ queryKey: commentKeys.newest(this.#invoiceId) });
  }

  // Reads without regard to what is known, and returns a token to go on from.
  async resync(): Promise<string> {
    const missed = this.#missed;
    const page = await this.#api.page(NEWEST);
    this.#mergeNewest(page);
    this.#client.setQueryData<Newest>(commentKeys.newest(this.#invoiceId), { page });
    await this.#rereadBelow(page);
    // Nobody has read that again.
    this.#left.clear();
    this.#heard = page.consistencyToken;
    this.#caughtUp = missed;
    return page.consistencyToken;
  }

  // Leaves what is loaded for the page behind a cursor.
  async showPage(cursor: string): Promise<void> {
    this.#show(await this.#api.page(cursor), cursor);
  }

  // Leaves what is loaded for the newest page.
  async showNewest(): Promise<void> {
    if (isAtNewest(this.thread)) return;
    const { data, error } = await this.#newest.refetch();
    if (error !== null) throw error;
    if (data?.page !== undefined && !isAtNewest(this.thread)) this.#show(data.page);
  }

  async loadOlder(): Promise<void> {
    if (!this.result.isFetching && this.result.hasNextPage) await this.#list.fetchNextPage();
  }

  async loadNewer(): Promise<void> {
    if (!this.result.isFetching && this.result.hasPreviousPage)
      await this.#list.fetchPreviousPage();
  }

  get #newestPage(): CommentPage | undefined {
    return this.#newest.getCurrentResult().data?.page;
  }

  async #readNewest(signal: AbortSignal): Promise<Newest> {
    const key = commentKeys.newest(this.#invoiceId);
    const known = this.#client.getQueryData<Newest>(key) ?? {};
    return (await this.#api.newest(known.etag ?? "", signal)) ?? known;
  }

  // Something has happened since the last poll: perhaps below the newest page.
  #polled(page: CommentPage): void {
    this.#mergeNewest(page);
    const isAll = oldestOf(commentsOf(this.thread)) >= oldestOf(page.comments);
    if (this.#isPolling && !(isAll && this.#left.size === 0)) void this.catchUp();
  }

  #mergeNewest(page: CommentPage): void {
    this.#merged = page;
    if (page.totalSize >= totalOf(this.thread)) this.#token = page.consistencyToken;
    const merge = withNewestPage(this.thread, page);
    if (!merge.joined && this.#isNewestInView()) this.#show(page);
    else this.#write(merge.thread);
  }

  get #isBehind(): boolean {
    return this.#caughtUp < this.#missed;
  }

  // Reads what has happened since all of it was on the page, and tries again until that is known.
  async catchUp(): Promise<void> {
    this.#missed += 1;
    if (this.#isCatchingUp) return;
    this.#isCatchingUp = true;
    try {
      for (let round = 0; this.#isBehind && round < CHANGES_ROUNDS_MAX; round += 1) {
        const missed = this.#missed;
        const { events, nextToken } = await this.#api.changes(this.#heard);
        for (const event of events) this.#apply(event);
        this.#heard = nextToken;
        if (events.length === 0) this.#caughtUp = missed;
      }
    } catch (thrown) {
      const error = apiErrorOf(thrown);
      if (endOf(error) !== undefined) return;
      // What has happened is retained no longer.
      if (!error.isPassing) await this.resync().catch(() => {});
    } finally {
      this.#isCatchingUp = false;
    }
    clearTimeout(this.#retrying);
    if (this.#isBehind) this.#retrying = setTimeout(() => void this.catchUp(), POLL_INTERVAL_MS);
  }

  // Reads again what is loaded and not on the newest page, downwards: it is one run of numbers.
  async #rereadBelow({ comments, nextCursor }: CommentPage): Promise<void> {
    const run = this.thread.pages.flatMap((page) => page.comments);
    const [newest] = run;
    let oldest = oldestOf(comments);
    let cursor = nextCursor;
    if (newest !== undefined && oldest > newest.sequence + 1) cursor = AROUND + newest.commentId;
    while (oldest > oldestOf(run)) {
      const page = await this.#api.page(cursor);
      this.#write(withVersions(withFacts(this.thread, page.thread), page.comments));
      oldest = oldestOf(page.comments);
      cursor = page.nextCursor;
    }
  }

  // Leaves what is loaded for one page. What is being read for the rest would bring that back.
  #show(page: CommentPage, cursor = NEWEST): void {
    void this.#client.cancelQueries({ queryKey: commentKeys.lists(this.#invoiceId) });
    const ahead = this.thread.pages[0]?.ahead ?? [];
    this.#write(settled(threadOf({ ...page, ahead }, cursor)));
  }

  // What is known is never taken back, whenever `next` was read.
  #latest(current: Thread, next: Thread): Thread {
    const thread = this.#writing ? next : withReadPages(current, next);
    return withVersions(withKnown(thread, current), this.#told.values());
  }

  #write(thread: Thread): void {
    this.#writing = true;
    try {
      this.#client.setQueryData<Thread>(commentKeys.lists(this.#invoiceId), thread);
    } finally {
      this.#writing = false;
    }
  }
}

function emptyPage(thread: Thread): CommentPage {
  return {
    comments: [],
    nextCursor: "",
    previousCursor: "",
    totalSize: totalOf(thread),
    consistencyToken: tokenOf(thread),
  };
}

function retryPassing(failures: number, error: ApiError): boolean {
  return failures < READ_RETRIES_MAX && error.isPassing;
}
