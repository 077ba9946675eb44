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
  // 1, 2, 3 …: rises with every edit.
  readonly revision?: number;
  readonly editTime?: string;
  readonly removal?: Removal;
  // Whether what it said exists nowhere any more.
  readonly erased?: boolean;
  readonly etag?: string;
  // The userIds of those whom it mentions.
  readonly mentions?: readonly string[];
  // What one has asked for and the server has not confirmed: shown already.
  readonly isChanging?: boolean;
}

export interface Removal {
  readonly time: string;
  readonly actor: Author;
  readonly reason: string;
}

// Whether a thread is settled, and how many comments one sees in it.
export interface ThreadFacts {
  readonly state: "OPEN" | "RESOLVED";
  readonly stateTime?: string;
  readonly stateActor?: Author;
  // Those that are not removed.
  readonly commentCount: number;
  // All of them: the number of the newest.
  readonly placeCount: number;
  // Rises with everything that happens in the thread.
  readonly revision: number;
  readonly etag: string;
}

// Something that happened in the thread, as the stream and the list of changes tell it.
export interface ThreadEvent {
  readonly kind: string;
  readonly comment?: Comment;
  readonly thread?: ThreadFacts;
  readonly totalSize?: number;
}

export interface CommentPage {
  // Newest first.
  readonly comments: readonly Comment[];
  readonly nextCursor: string;
  readonly previousCursor: string;
  // How many places the thread has: those of removed comments as well.
  readonly totalSize: number;
  readonly consistencyToken: string;
  readonly thread?: ThreadFacts;
  // Of the threads of its comments, where they are of several.
  readonly readStates?: readonly ReadState[];
  // Those that its comments are on, where they are on several; none while nobody tells.
  readonly invoices?: readonly InvoiceName[];
}

export interface InvoiceName {
  readonly invoiceId: string;
  readonly number: string;
  readonly customerName: string;
}

// How far one has read a thread.
export interface ReadState {
  readonly invoiceId: string;
  readonly readSequence: number;
  // At most 100, which stands for more.
  readonly unreadCount: number;
}

export interface AddedComment {
  readonly comment: Comment;
  readonly thread?: ThreadFacts;
  readonly consistencyToken: string;
}

export interface Viewer extends Author {
  readonly orgId: string;
  readonly canComment: boolean;
  // Such as "admin", who may remove what others wrote.
  readonly role?: string;
}

// A page in the cache. On page zero, in front of the run of numbers, stand comments that are being
// posted, and own ones that are stored ahead of others' which are still to be heard of.
export interface ThreadPage extends CommentPage {
  readonly ahead?: readonly Comment[];
}

// The cursors that the pages were read with are the page parameters; "" leads to the newest page.
export type Thread = InfiniteData<ThreadPage, string>;

export const NEWEST = "";
// In front of the id of a comment: leads to the page around it.
export const AROUND = "around:";

export function isResolved({ state }: ThreadFacts): boolean {
  return state === "RESOLVED";
}

// Whether `other` tells of the same comment at a later time. Nothing is edited once it is removed.
export function isNewer(comment: Comment, other: Comment): boolean {
  return versionOf(comment) > versionOf(other);
}

// Tells versions of a comment apart; rises.
export function versionOf({ revision, removal, erased }: Comment): number {
  return (revision ?? 1) * 4 + (removal === undefined ? 0 : 1) + (erased ? 2 : 0);
}

export function isPending(comment: Comment): boolean {
  return comment.sequence === 0;
}
