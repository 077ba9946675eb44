// What one is about to change of comments: kept until it is known to be done, or given up. Under its
// change id the same change is made once, also after a lost answer and a reload.
import type { CommentChange } from "./comments_api.ts";
import { keyOf, type Owner, type Store } from "./store.ts";

export interface ChangeRecord extends CommentChange {
  // Whether it was sent, so that it may have been made.
  readonly wasSent: boolean;
}

export class ChangeRecords {
  readonly #store: Store;
  readonly #prefix: string;

  constructor(store: Store, owner: Owner) {
    this.#store = store;
    this.#prefix = `${keyOf("change", owner)}:`;
  }

  all(): ChangeRecord[] {
    return this.#store
      .keys(this.#prefix)
      .map((key) => parse(this.#store.get(key)))
      .filter((record) => record !== undefined);
  }

  keep(record: ChangeRecord): void {
    this.#store.set(this.#prefix + record.commentId, JSON.stringify(record));
  }

  forget(commentId: string): void {
    this.#store.remove(this.#prefix + commentId);
  }
}

function parse(text: string | undefined): ChangeRecord | undefined {
  try {
    const record: Partial<ChangeRecord> | null = JSON.parse(text ?? "null");
    if (record?.kind !== "edit" && record?.kind !== "remove") return undefined;
    const { kind, commentId, etag, text: said, changeId, wasSent } = record;
    for (const each of [commentId, etag, said, changeId]) {
      if (typeof each !== "string") return undefined;
    }
    return {
      kind,
      commentId,
      etag,
      text: said,
      changeId,
      wasSent: wasSent === true,
      mentions: record.mentions,
    } as ChangeRecord;
  } catch {
    return undefined;
  }
}
