// Posting comments: each is shown at once and sent in its turn, then confirmed, or set aside with
// what went wrong.
import { type ApiError, apiErrorOf } from "./api_error.ts";
import type { AddedComment, Viewer } from "./comment.ts";
import type { CommentsApi } from "./comments_api.ts";
import type { Outbox, OutboxEntry } from "./outbox.ts";
import type { PageClock } from "./page_time.ts";
import { isStored } from "./thread_pages.ts";
import type { ThreadQuery } from "./thread_query.ts";

export interface PostingParts {
  readonly api: CommentsApi;
  readonly query: ThreadQuery;
  readonly outbox: Outbox;
  readonly invoiceId: string;
  readonly viewer: Viewer;
  readonly clock: PageClock;
}

export class Posting {
  readonly #parts: PostingParts;
  // Those that were sent, by this page or an earlier one, and are not known to be stored; oldest
  // first. What another page is sending is its own matter.
  readonly #inDoubt: Map<string, OutboxEntry>;
  // Ends when all that were posted before have been answered.
  #turn: Promise<void> = Promise.resolve();

  constructor(parts: PostingParts) {
    this.#parts = parts;
    this.#inDoubt = new Map(parts.outbox.entries().map((entry) => [entry.id, entry]));
  }

  // Returns why it was not stored, as far as is known; undefined: it was.
  async post(entry: OutboxEntry): Promise<ApiError | undefined> {
    const { query, outbox } = this.#parts;
    this.#inDoubt.delete(entry.id);
    outbox.keep(entry);
    const before = this.#turn;
    let end: () => void = () => {};
    this.#turn = new Promise((resolve) => {
      end = resolve;
    });
    try {
      await this.#show(entry);
      await before;
      return await this.#send(entry);
    } finally {
      end();
      void query.invalidate();
    }
  }

  // What is in doubt. What has turned out to be stored no longer is.
  unsent(): OutboxEntry[] {
    for (const id of this.#inDoubt.keys()) {
      if (isStored(this.#parts.query.thread, id)) this.discard(id);
    }
    return [...this.#inDoubt.values()];
  }

  discard(id: string): void {
    this.#inDoubt.delete(id);
    this.#parts.outbox.forget(id);
  }

  // Keeps `entry` in the place of the one that was sent as `id`.
  replace(id: string, entry: OutboxEntry): void {
    this.#parts.outbox.keep(entry);
    this.#inDoubt.set(entry.id, entry);
    this.discard(id);
  }

  async #show({ id, body }: OutboxEntry): Promise<void> {
    const { query, invoiceId, viewer, clock } = this.#parts;
    const { userId, displayName } = viewer;
    await query.begin({
      commentId: id,
      invoiceId,
      author: { userId, displayName },
      body,
      createTime: new Date(clock.now()).toISOString(),
      sequence: 0,
    });
  }

  // Said and done in one; under the comment's id, so that both are done once.
  async #store({ reopens, ...comment }: OutboxEntry): Promise<AddedComment> {
    const { api } = this.#parts;
    if (!reopens) return api.add(comment);
    const done = await api.settle({ kind: "reopen", changeId: comment.id, comment });
    if (done.comment === undefined) return api.add(comment);
    return { ...done, comment: done.comment };
  }

  async #send(entry: OutboxEntry): Promise<ApiError | undefined> {
    const { query, outbox } = this.#parts;
    const { id } = entry;
    try {
      query.confirm(await this.#store(entry));
    } catch (error) {
      // The stream may have told of it before the answer was lost.
      if (query.withdraw(id)) {
        this.#inDoubt.set(id, entry);
        return apiErrorOf(error);
      }
    }
    outbox.forget(id);
    return undefined;
  }
}
