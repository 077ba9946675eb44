// A thread as the API tells it and as the cache holds it.
import type { InfiniteData } from "@tanstack/query-core";

export interface Author {
  readonly userId: string;
  readonly displayName: string;
}

export interface Comment {
  readonly commentId: string;
  readonly invoiceId: string;
  readonly author: Author;
  readonly body: string;
  readonly createTime: string;
  // 1, 2, 3 … within the thread, without a gap. 0: it is being posted and has none.
  readonly sequence: number;
}

export interface CommentPage {
  // Newest first.
  readonly comments: readonly Comment[];
  readonly nextCursor: string;
  readonly previousCursor: string;
  readonly totalSize: number;
  readonly consistencyToken: string;
}

export interface AddedComment {
  readonly comment: Comment;
  readonly consistencyToken: string;
}

export interface Viewer extends Author {
  readonly orgId: string;
  readonly canComment: boolean;
}

// A page in the cache. On page zero, in front of the run of numbers, stand comments that are being
// posted, and own ones that are stored ahead of others' which are still to be heard of.
export interface ThreadPage extends CommentPage {
  readonly ahead?: readonly Comment[];
}

// The cursors that the pages were read with are the page parameters; "" leads to the newest page.
export type Thread = InfiniteData<ThreadPage, string>;

export const NEWEST = "";

export function isPending(comment: Comment): boolean {
  return comment.sequence === 0;
}
