// The gateway as far as the leaf talks to it: one thread, and what was asked of it.
import type { Author, Comment, CommentPage, ThreadEvent, ThreadFacts } from "../../src/comment.ts";

export const INVOICE = "0192f3a1-0000-7000-8000-000000000001";
const PAGE_SIZE = 20;

export function commentOf(sequence: number, author = "priya"): Comment {
  return {
    commentId: `id-${sequence}`,
    invoiceId: INVOICE,
    author: { userId: author, displayName: author },
    body: `comment ${sequence}`,
    createTime: "2026-11-24T12:00:00.000000Z",
    sequence,
  };
}

interface Hold {
  readonly request: string;
  release(): void;
}

export class FakeServer {
  readonly requests: string[] = [];
  // The sequences up to which one says to have read; no requests of those above.
  readonly marks: number[] = [];
  // Newest last.
  readonly comments: Comment[] = [];
  // All that has happened. A token says how much of it is known.
  readonly events: ThreadEvent[] = [];
  // Who is found, whatever is looked for.
  people: readonly Author[] = [];
  // What was posted last.
  posted: { body?: string; mentions?: string[] } = {};
  // Answers in place of the thread's; a request that it leaves alone is answered as usual.
  intercept: ((request: string) => Response | undefined) | undefined;
  // While set, answers are made up at once but wait to be released.
  holding = false;
  readonly held: Hold[] = [];

  constructor(count: number) {
    for (let sequence = 1; sequence <= count; sequence += 1) this.add(commentOf(sequence));
    globalThis.fetch = (input, init) => this.#fetch(String(input), init ?? {});
  }

  // Answers all that is still held. Pages that are left may still ask, until the next server.
  close(): void {
    this.holding = false;
    for (const hold of this.held) hold.release();
  }

  get total(): number {
    return this.comments.length;
  }

  get etag(): string {
    return `"${this.events.length}"`;
  }

  get token(): string {
    return `token-${this.events.length}`;
  }

  get facts(): ThreadFacts {
    const commentCount = this.comments.filter(({ removal }) => removal === undefined).length;
    const revision = this.events.length;
    return { state: "OPEN", commentCount, placeCount: this.total, revision, etag: this.etag };
  }

  // Of comments posted by others; without a sequence it is the next one.
  add(comment: Comment): Comment {
    const stored = { ...comment, sequence: this.total + 1 };
    this.comments.push(stored);
    this.events.push({ kind: "comment_added", comment: stored, totalSize: this.total });
    return stored;
  }

  // Takes a comment's words away.
  remove(sequence: number): ThreadEvent {
    const index = this.comments.findIndex((comment) => comment.sequence === sequence);
    const comment = this.comments[index] ?? commentOf(sequence);
    const removal = { time: comment.createTime, actor: comment.author, reason: "" };
    this.comments[index] = { ...comment, body: "", removal };
    const event = { kind: "comment_removed", comment: { ...comment, body: "", removal } };
    this.events.push(event);
    return event;
  }

  page(cursor = ""): CommentPage {
    const [direction, place] = cursor.split(":");
    const from = Number(place ?? 0);
    let newest = this.total;
    if (direction === "older") newest = from - 1;
    if (direction === "newer") newest = Math.min(from + PAGE_SIZE, this.total);
    if (direction === "around") newest = Math.min(from + PAGE_SIZE / 2, this.total);
    const floor = direction === "newer" ? from : 0;
    const lowest = Math.max(newest - PAGE_SIZE, floor);
    const comments = this.comments.slice(lowest, newest).reverse();
    return {
      comments,
      nextCursor: lowest > 0 ? `older:${lowest + 1}` : "",
      previousCursor: this.total > 0 ? `newer:${newest}` : "",
      totalSize: this.total,
      consistencyToken: this.token,
      thread: this.facts,
    };
  }

  take(pattern: RegExp): string[] {
    const taken = this.requests.filter((request) => pattern.test(request));
    this.requests.length = 0;
    return taken;
  }

  async #fetch(address: string, init: RequestInit): Promise<Response> {
    const request = `${init.method ?? "GET"} ${address}`;
    if (address.endsWith("/read")) {
      this.marks.push(JSON.parse(String(init.body)).sequence);
      return Response.json({});
    }
    this.requests.push(request);
    const response = this.intercept?.(request) ?? this.#answer(address, init);
    if (this.holding) await this.#hold(request, init.signal ?? undefined);
    return response;
  }

  #hold(request: string, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      this.held.push({ request, release: resolve });
      signal?.addEventListener("abort", () => reject(new DOMException("", "AbortError")));
    });
  }

  #answer(address: string, init: RequestInit): Response {
    const url = new URL(address, "http://gateway.example");
    if (url.pathname.endsWith("/summary")) return this.#summary();
    if (url.pathname === "/api/people") return Response.json({ people: this.people });
    if (url.pathname === "/api/activity") return Response.json(this.page());
    if (init.method === "POST") return this.#store(String(init.body));
    const tag = new Headers(init.headers).get("If-None-Match");
    if (tag === this.etag) return new Response(null, { status: 304 });
    if (url.pathname.endsWith("/changes")) {
      const [, known] = (url.searchParams.get("after") ?? "").split("-");
      return Response.json({ events: this.events.slice(Number(known)), nextToken: this.token });
    }
    const around = url.searchParams.get("around")?.replace("id-", "around:");
    const page = this.page(around ?? url.searchParams.get("cursor") ?? "");
    return Response.json(page, { headers: { ETag: this.etag } });
  }

  #summary(): Response {
    const text = `<section id="summary" data-count="${this.total}"></section>`;
    return new Response(text);
  }

  #store(json: string): Response {
    this.posted = JSON.parse(json);
    const { id, body }: { id: string; body: string } = JSON.parse(json);
    const known = this.comments.find((comment) => comment.commentId === id);
    const comment = known ?? this.add({ ...commentOf(0, "dana"), commentId: id, body });
    return Response.json(
      { comment, consistencyToken: this.token },
      { status: known === undefined ? 201 : 200 },
    );
  }
}

export function problem(status: number, reason = "INTERNAL", errors?: object[]): Response {
  const body = { type: "about:blank", title: "", status, detail: "it broke", reason, errors };
  return Response.json(body, { status });
}
