// The thread in the client cache: one infinite query, kept current by the newest page, a query of
// its own. Comments never change, so a page once read is never stale; what can be is only whether
// there are newer ones, and that takes one conditional read however many pages are loaded.
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
  NEWEST,
  type Thread,
} from "./comment.ts";
import { commentKeys } from "./comment_keys.ts";
import type { CommentsApi, TaggedPage } from "./comments_api.ts";
import {
  isAtNewest,
  isStored,
  threadOf,
  tokenOf,
  totalOf,
  withArrived,
  withNewestPage,
  withoutPending,
  withPending,
  withReadPages,
} from "./thread_pages.ts";

export const PAGES_MAX = 10;
export const POLL_INTERVAL_MS = 10_000;
const READ_RETRIES_MAX = 2;

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
  readonly #isTopInView: () => boolean;
  #merged: CommentPage | undefined;
  // The latest that the total is known from: a read at least as fresh counts all that is shown.
  #token: string;

  // `isTopInView` says whether one looks at the list's beginning: only then may it be replaced.
  constructor(client: QueryClient, api: CommentsApi, first: FirstPage, isTopInView: () => boolean) {
    this.#client = client;
    this.#api = api;
    this.#invoiceId = first.invoiceId;
    this.#isTopInView = isTopInView;
    this.#merged = first.page;
    this.#token = first.page.consistencyToken;
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
          : withReadPages(current as Thread, read as Thread),
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
    this.#newest.setOptions({
      ...this.#newest.options,
      refetchInterval: polling && POLL_INTERVAL_MS,
      refetchOnWindowFocus: polling && "always",
    });
  }

  // A comment that the stream told of.
  arrived(comment: Comment, total: number, token: string): void {
    this.#token = token;
    const merge = withArrived(this.thread, comment, total);
    this.#write(merge.thread);
    // Something is missing in between: the newest page has it, or takes the place of what is shown.
    if (!merge.joined && this.#isTopInView()) void this.invalidate();
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
    this.#write(withArrived(this.thread, added.comment, total).thread);
  }

  // Takes back what was begun, unless it was stored all the same: then false.
  withdraw(commentId: string): boolean {
    const left = this.#left.get(commentId);
    this.#left.delete(commentId);
    if (isStored(this.thread, commentId)) return false;
    this.#write(left ?? withoutPending(this.thread, commentId));
    return true;
  }

  // Reads the newest page again, whatever is known of it.
  invalidate(): Promise<void> {
    return this.#client.invalidateQueries({ queryKey: commentKeys.newest(this.#invoiceId) });
  }

  // Reads the newest page without regard to what is known, and returns a token to go on from.
  async resync(): Promise<string> {
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
    if (page.totalSize >= totalOf(this.thread)) this.#token = page.consistencyToken;
    const merge = withNewestPage(this.thread, page);
    if (!merge.joined && this.#isTopInView()) this.#reset(page);
    else this.#write(merge.thread);
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
