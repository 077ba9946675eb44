// The gateway's HTTP API as far as the leaf uses it. Every call fails with an ApiError, or with an
// AbortError when its signal was raised.
import { ApiError } from "./api_error.ts";
import {
  type AddedComment,
  AROUND,
  type Author,
  type Comment,
  type CommentPage,
  type ThreadEvent,
  type ThreadFacts,
} from "./comment.ts";
import { noteSessionEnd, viewerName } from "./session.ts";

const READ_TIMEOUT_MS = 15_000;
const POST_TIMEOUT_MS = 30_000;

// What is asked for under a `changeId` is done once, however often it is asked for.
export interface CommentChange {
  readonly kind: "edit" | "remove";
  readonly commentId: string;
  readonly etag: string;
  // What it is to say, or why it is taken away.
  readonly text: string;
  readonly changeId: string;
  // Whom it goes on mentioning.
  readonly mentions?: readonly string[] | undefined;
}

export interface NewComment {
  readonly id: string;
  readonly body: string;
  readonly mentions?: readonly string[] | undefined;
}

export interface Settlement {
  readonly kind: "resolve" | "reopen";
  readonly changeId: string;
  // What is said with it.
  readonly comment?: NewComment;
}

export interface Settled {
  readonly thread: ThreadFacts;
  readonly comment?: Comment;
  readonly consistencyToken: string;
}

export interface Revision {
  readonly revision: number;
  readonly body: string;
  readonly time: string;
  readonly editor: { readonly userId: string; readonly displayName: string };
  readonly erased?: boolean;
}

export interface TaggedPage {
  readonly page: CommentPage;
  readonly etag: string;
}

export class CommentsApi {
  readonly #comments: string;
  readonly invoicePath: string;
  readonly eventsPath: string;

  constructor(invoiceId: string) {
    const invoice = `/api/invoices/${encodeURIComponent(invoiceId)}`;
    this.invoicePath = invoice;
    this.#comments = `${invoice}/comments`;
    this.eventsPath = `${invoice}/events`;
  }

  // What no cursor leads to is named by the comment in its middle.
  page(cursor: string, signal?: AbortSignal): Promise<CommentPage> {
    const around = cursor.startsWith(AROUND);
    const name = around
      ? `around=${cursor.slice(AROUND.length)}`
      : `cursor=${encodeURIComponent(cursor)}`;
    const path = `${this.#comments}?${name}`;
    return exchange(path, signal ? { signal } : {}, (response) => response.json());
  }

  // The newest page unless it is the one of `etag`; undefined: it is.
  newest(etag: string, signal: AbortSignal): Promise<TaggedPage | undefined> {
    const init: RequestInit = {
      signal,
      // The browser's own cache would turn a 304 into a 200 with all that is known already.
      cache: "no-store",
    };
    if (etag !== "") init.headers = { "If-None-Match": etag };
    return exchange(this.#comments, init, async (response) => {
      if (response.status === 304) return undefined;
      return { page: await response.json(), etag: response.headers.get("ETag") ?? "" };
    });
  }

  // The same id again is the same comment, however often.
  add(comment: NewComment): Promise<AddedComment> {
    return write("POST", this.#comments, comment);
  }

  markRead(sequence: number): Promise<unknown> {
    // Whoever leaves the page has read it all the same.
    return write("POST", `${this.invoicePath}/read`, { sequence }, "", true);
  }

  change({
    kind,
    commentId,
    etag,
    text,
    changeId,
    mentions,
  }: CommentChange): Promise<AddedComment> {
    const path = this.#commentPath(commentId);
    if (kind === "edit") return write("PATCH", path, { body: text, changeId, mentions }, etag);
    return write("DELETE", path, { reason: text, changeId }, etag);
  }

  // With an etag only if the thread is still what it says.
  settle({ kind, ...rest }: Settlement, etag = ""): Promise<Settled> {
    return write("POST", `${this.invoicePath}/${kind}`, rest, etag);
  }

  comment(commentId: string): Promise<Comment> {
    return exchange(this.#commentPath(commentId), {}, async (response) => {
      const { comment }: { comment: Comment } = await response.json();
      return comment;
    });
  }

  // The first of them, oldest first.
  revisions(commentId: string): Promise<{ readonly revisions: readonly Revision[] }> {
    const path = `${this.#commentPath(commentId)}/revisions?limit=100`;
    return exchange(path, {}, (response) => response.json());
  }

  // What has happened since `token` was current.
  changes(token: string): Promise<{ events: readonly ThreadEvent[]; nextToken: string }> {
    const path = `${this.invoicePath}/changes?after=${encodeURIComponent(token)}`;
    return exchange(path, {}, (response) => response.json());
  }

  #commentPath(commentId: string): string {
    return `${this.#comments}/${encodeURIComponent(commentId)}`;
  }
}

// The newest comments of all invoices, or those that mention the viewer.
export function readActivity(mentioning: boolean, signal: AbortSignal): Promise<CommentPage> {
  const path = `/api/activity${mentioning ? "?mentioning=me" : ""}`;
  return exchange(path, { signal }, (response) => response.json());
}

// Those who have written, by how a name of theirs begins.
export function findPeople(prefix: string): Promise<{ readonly people: readonly Author[] }> {
  const path = `/api/people?limit=6&prefix=${encodeURIComponent(prefix)}`;
  return exchange(path, {}, (response) => response.json());
}

// The summary of the invoice page at `path`, at least as fresh as the token, as HTML.
export function readSummary(path: string, token: string): Promise<string> {
  const address = `${path}/summary?consistency=${encodeURIComponent(token)}`;
  return exchange(address, {}, (response) => response.text());
}

// The tag of what is at a path of the API: `known` while that has not changed.
export function readTag(path: string, known: string): Promise<string> {
  const init: RequestInit = { cache: "no-store", headers: { "If-None-Match": known } };
  return exchange(path, init, async ({ status, headers }) =>
    status === 304 ? known : (headers.get("ETag") ?? ""),
  );
}

export function readPage(address: string): Promise<string> {
  return exchange(address, {}, (response) => response.text());
}

function write<T>(
  method: string,
  path: string,
  body: object,
  etag = "",
  keepalive = false,
): Promise<T> {
  const headers: Record<string, string> = { "Content-Type": "application/json" };
  if (etag !== "") headers["If-Match"] = etag.startsWith('"') ? etag : `"${etag}"`;
  const init = { method, headers, body: JSON.stringify(body), keepalive };
  return exchange(path, init, (response) => response.json(), POST_TIMEOUT_MS);
}

async function exchange<T>(
  path: string,
  init: RequestInit,
  read: (response: Response) => Promise<T>,
  timeoutMs = READ_TIMEOUT_MS,
): Promise<T> {
  const controller = new AbortController();
  const abort = () => controller.abort();
  init.signal?.addEventListener("abort", abort);
  const timer = setTimeout(abort, timeoutMs);
  const headers = new Headers(init.headers);
  const viewer = viewerName();
  if (viewer !== "") headers.set("X-Marginalia-Viewer", viewer);
  const { signal } = controller;
  try {
    const response = await fetch(path, { ...init, headers, redirect: "manual", signal });
    if (isSignIn(path, response)) throw ApiError.signedOut();
    // 304 is only answered to those who asked for it.
    if (!response.ok && response.status !== 304) throw await ApiError.from(response);
    return await read(response);
  } catch (error) {
    if (error instanceof ApiError) noteSessionEnd(error);
    if (error instanceof ApiError || init.signal?.aborted) throw error;
    throw ApiError.noAnswer(error);
  } finally {
    clearTimeout(timer);
    init.signal?.removeEventListener("abort", abort);
  }
}

// Nothing here redirects, and the API answers no page: what does is a sign-in in front of it.
function isSignIn(path: string, response: Response): boolean {
  if (response.type === "opaqueredirect") return true;
  const type = response.headers.get("Content-Type") ?? "";
  return path.startsWith("/api/") && response.ok && type.startsWith("text/html");
}
