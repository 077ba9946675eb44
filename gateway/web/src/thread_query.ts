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
  type Comment,
  type CommentPage,
  isPending,
  NEWEST,
  type Thread,
  type ThreadEvent,
  type ThreadFacts,
} from "./comment.ts";
import { commentKeys } from "./comment_keys.ts";
import type { CommentsApi, TaggedPage } from "./comments_api.ts";
import {
  commentsOf,
  factsOf,
  isAtNewest,
  isStored,
  threadOf,
  tokenOf,
  totalOf,
  withArrived,
  withFacts,
  withNewestPage,
  withoutPending,
  withPending,
  withReadPages,
  withVersions,
} from "./thread_pages.ts";

export const PAGES_MAX = 10;
export const POLL_INTERVAL_MS = 10_000;
const READ_RETRIES_MAX = 2;
// Of changes that were told while the page they belong to was being read.
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
  readonly #told = new Map<string, Comment>();
  // Whether there is no stream to tell of everything.
  #mayHaveMissed = false;
  #isCatchingUp = false;
  // The thread's revision when one changed something that did not tell its own.
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
      structuralSharing: (current, read) =>
        this.#writing || current === undefined
          ? read
          : withVersions(withReadPages(current as Thread, read as Thread), this.#told.values()),
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
      if (data?.page !== undefined && data.page !== this.#merged) this.#mergeNewest(data.page);
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
    this.#mayHaveMissed = polling;
    this.#newest.setOptions({
      ...this.#newest.options,
      refetchInterval: polling && POLL_INTERVAL_MS,
      refetchOnWindowFocus: polling && "always",
    });
  }

  // A stream is heard from now on that began without this page.
  async joined(): Promise<void> {
    const before = this.#newestPage;
    await this.invalidate();
    if (this.#newestPage !== before) await this.#catchUp();
  }

  // What the stream told of, and with it that nothing before is missing.
  happened(event: ThreadEvent, token: string): void {
    this.#heard = token;
    this.#token = token;
    this.#apply(event);
  }

  // A comment that has changed, as somebody tells who asked for it.
  changed(comment: Comment, thread?: ThreadFacts, token = this.#token): void {
    this.#token = token;
    if (thread === undefined) this.#changedAt = factsOf(this.thread)?.revision ?? 0;
    this.#apply({ kind: "comment_edited", comment, ...(thread && { thread }) });
  }

  // Returns when what is known of the thread is not older than what one has changed oneself.
  async knowsOwnChanges(): Promise<void> {
    if ((factsOf(this.thread)?.revision ?? 0) <= this.#changedAt) await this.invalidate();
  }

  settled(facts: ThreadFacts, token: string): void {
    this.#token = token;
    this.#write(withFacts(this.thread, facts));
  }

  #apply({ kind, comment, thread: facts, totalSize }: ThreadEvent): void {
    if (comment === undefined) {
      this.#write(withFacts(this.thread, facts));
      return;
    }
    if (kind === "comment" || kind === "comment_added") {
      this.#add(comment, totalSize ?? facts?.placeCount ?? comment.sequence, facts);
      return;
    }
    this.#told.delete(comment.commentId);
    this.#told.set(comment.commentId, comment);
    const [oldest] = this.#told.keys();
    if (oldest !== undefined && this.#told.size > TOLD_COMMENTS_MAX) this.#told.delete(oldest);
    this.#write(withVersions(withFacts(this.thread, facts), [comment]));
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
    if (!isAtNewest(thread)) void this.invalidate();
  }

  confirm(added: AddedComment): void {
    this.#token = added.consistencyToken;
    this.#left.delete(added.comment.commentId);
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
    const token = await this.#rereadNewest();
    await this.#reread();
    this.#heard = token;
    return token;
  }

  async #rereadNewest(): Promise<string> {
    this.#client.setQueryData<Newest>(commentKeys.newest(this.#invoiceId), {});
    const { data, error } = await this.#newest.refetch();
    if (data?.page === undefined) throw apiErrorOf(error);
    return data.page.consistencyToken;
  }

  // Leaves what is loaded for the page behind a cursor.
  async showPage(cursor: string): Promise<void> {
    await this.#client.cancelQueries({ queryKey: commentKeys.lists(this.#invoiceId) });
    const page = await this.#api.page(cursor);
    const ahead = this.thread.pages[0]?.ahead ?? [];
    const totalSize = Math.max(page.totalSize, totalOf(this.thread));
    this.#write(threadOf({ ...page, totalSize, ahead }, cursor));
  }

  // Leaves what is loaded for the newest page.
  async showNewest(): Promise<void> {
    if (isAtNewest(this.thread)) return;
    await this.#client.cancelQueries({ queryKey: commentKeys.lists(this.#invoiceId) });
    const { data, error } = await this.#newest.refetch();
    if (error !== null) throw error;
    // A page of what is left may have come into sight meanwhile: it would bring all of that back.
    await this.#client.cancelQueries({ queryKey: commentKeys.lists(this.#invoiceId) });
    if (data?.page !== undefined && !isAtNewest(this.thread)) this.#reset(data.page);
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

  #mergeNewest(page: CommentPage): void {
    this.#merged = page;
    if (this.#mayHaveMissed) void this.#catchUp();
    if (page.totalSize >= totalOf(this.thread)) this.#token = page.consistencyToken;
    const merge = withNewestPage(this.thread, page);
    if (!merge.joined && this.#isNewestInView()) this.#reset(page);
    else this.#write(merge.thread);
  }

  // Something has happened since: perhaps on a page that is not the newest.
  async #catchUp(): Promise<void> {
    const isNewestAlone = this.thread.pageParams.every((cursor) => cursor === NEWEST);
    if (this.#isCatchingUp || isNewestAlone) return;
    this.#isCatchingUp = true;
    try {
      for (let round = 0; round < CHANGES_ROUNDS_MAX; round += 1) {
        const before = this.#heard;
        const { events, nextToken } = await this.#api.changes(before);
        // The stream may have gone on meanwhile: what it told is not older.
        for (const event of events) this.#apply(event);
        if (this.#heard === before) this.#heard = nextToken;
        if (events.length === 0) break;
      }
    } catch (error) {
      // What has happened is retained no longer.
      if (!apiErrorOf(error).isPassing) await this.#reread().catch(() => {});
    } finally {
      this.#isCatchingUp = false;
    }
  }

  // Reads all pages but the newest in their places: they hold the same comments for ever.
  async #reread(): Promise<void> {
    for (const cursor of this.thread.pageParams) {
      if (cursor === NEWEST) continue;
      const page = await this.#api.page(cursor);
      this.#write(withVersions(withFacts(this.thread, page.thread), page.comments));
    }
  }

  #reset(page: CommentPage): void {
    const [zero] = this.thread.pages;
    const ahead = zero?.ahead ?? [];
    this.#write(withNewestPage(threadOf({ ...emptyPage(this.thread), ahead }), page).thread);
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
