// Posting a comment: shown at once, confirmed or taken back when the answer is there.
import { type ApiError, apiErrorOf } from "./api_error.ts";
import type { Viewer } from "./comment.ts";
import type { CommentsApi } from "./comments_api.ts";
import type { Outbox, OutboxEntry } from "./outbox.ts";
import type { PageClock } from "./page_time.ts";
import { isStored } from "./thread_pages.ts";
import type { ThreadQuery } from "./thread_query.ts";

export class Posting {
  readonly #api: CommentsApi;
  readonly #query: ThreadQuery;
  readonly #outbox: Outbox;
  readonly #invoiceId: string;
  readonly #viewer: Viewer;
  readonly #clock: PageClock;

  constructor(parts: {
    api: CommentsApi;
    query: ThreadQuery;
    outbox: Outbox;
    invoiceId: string;
    viewer: Viewer;
    clock: PageClock;
  }) {
    this.#api = parts.api;
    this.#query = parts.query;
    this.#outbox = parts.outbox;
    this.#invoiceId = parts.invoiceId;
    this.#viewer = parts.viewer;
    this.#clock = parts.clock;
  }

  // Returns why it was not stored, as far as is known; undefined: it was.
  async post(entry: OutboxEntry): Promise<ApiError | undefined> {
    const { userId, displayName } = this.#viewer;
    this.#outbox.keep(entry);
    try {
      await this.#query.begin({
        commentId: entry.id,
        invoiceId: this.#invoiceId,
        author: { userId, displayName },
        body: entry.body,
        createTime: new Date(this.#clock.now()).toISOString(),
        sequence: 0,
      });
      this.#query.confirm(await this.#api.add(entry.id, entry.body));
    } catch (error) {
      // The stream may have told of it before the answer was lost.
      if (this.#query.withdraw(entry.id)) return apiErrorOf(error);
    } finally {
      void this.#query.invalidate();
    }
    this.#outbox.forget(entry.id);
    return undefined;
  }

  // The comment that was in doubt, once it turns out to be stored.
  takeStored(): OutboxEntry | undefined {
    const { entry } = this.#outbox;
    if (entry === undefined || !isStored(this.#query.thread, entry.id)) return undefined;
    this.#outbox.forget(entry.id);
    return entry;
  }
}
