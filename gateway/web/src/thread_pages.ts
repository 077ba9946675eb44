// What is loaded of a thread. Pure functions: each returns a new thread and leaves the old one be.
//
// A comment keeps its number for ever, and there is no gap between numbers, so what is loaded is one
// run of numbers, newest first, cut into pages. Whichever of response, stream and poll tells of a
// comment, and in any order, its number says where it goes, and its revision which of two tellings
// is the later one.
import {
  type Comment,
  type CommentPage,
  isNewer,
  isPending,
  NEWEST,
  type Thread,
  type ThreadFacts,
  type ThreadPage,
} from "./comment.ts";

// What page zero may grow to by comments that arrive.
export const PAGE_ZERO_COMMENTS_MAX = 100;

export interface Merge {
  readonly thread: Thread;
  // Whether what arrived joins what is loaded; if not, only the total is known now.
  readonly joined: boolean;
}

export function threadOf(page: ThreadPage, cursor = NEWEST): Thread {
  return { pages: [page], pageParams: [cursor] };
}

export function commentsOf(thread: Thread): Comment[] {
  return thread.pages.flatMap((page) => [...aheadOf(page), ...page.comments]);
}

export function pendingOf(thread: Thread): Comment[] {
  return thread.pages.flatMap((page) => aheadOf(page).filter(isPending));
}

export function totalOf(thread: Thread): number {
  return Math.max(0, ...thread.pages.map((page) => page.totalSize));
}

// The latest that is known of the thread as a whole; undefined: nothing was said of it.
export function factsOf(thread: Thread): ThreadFacts | undefined {
  return laterOf(thread.pages.map((page) => page.thread));
}

function laterOf(facts: readonly (ThreadFacts | undefined)[]): ThreadFacts | undefined {
  return facts.reduce((a, b) => ((b?.revision ?? -1) >= (a?.revision ?? -1) ? b : a), undefined);
}

// How many comments one sees, those that are being posted not counted.
export function countOf(thread: Thread): number {
  const facts = factsOf(thread);
  const places = totalOf(thread);
  // What has come since is there as long as nobody says otherwise.
  return facts === undefined ? places : facts.commentCount + Math.max(0, places - facts.placeCount);
}

// The thread as a whole has changed.
export function withFacts(thread: Thread, facts: ThreadFacts | undefined): Thread {
  return withPageZero(thread, (page) => factsField(laterOf([page.thread, facts])));
}

// What is loaded, with what is known of the thread as a whole from there or from `other`.
export function withKnown(thread: Thread, other: Thread): Thread {
  const totalSize = Math.max(totalOf(thread), totalOf(other));
  const counted = withPageZero(thread, () => ({ totalSize }));
  return withFacts(counted, factsOf(other));
}

function factsField(facts: ThreadFacts | undefined): { thread?: ThreadFacts } {
  return facts === undefined ? {} : { thread: facts };
}

// What is loaded, each comment as the latest of `told` has it.
export function withVersions(thread: Thread, told: Iterable<Comment>): Thread {
  const versions = new Map<string, Comment>();
  for (const comment of told) versions.set(comment.commentId, comment);
  if (versions.size === 0) return thread;
  const latest = (comment: Comment) => {
    const other = versions.get(comment.commentId);
    if (other === undefined || isPending(comment)) return comment;
    return isNewer(other, comment) ? other : comment;
  };
  const pages = thread.pages.map((page) => {
    const comments = page.comments.map(latest);
    const ahead = page.ahead?.map(latest);
    return { ...page, comments, ...(ahead && { ahead }) };
  });
  return { ...thread, pages };
}

// The number of the newest comment in the run; 0: there is none.
export function newestSequence(thread: Thread): number {
  return thread.pages.find((page) => page.comments.length > 0)?.comments[0]?.sequence ?? 0;
}

// The number of the last of them; 0: there is none.
export function oldestOf(comments: readonly Comment[]): number {
  return comments.at(-1)?.sequence ?? 0;
}

export function isAtNewest(thread: Thread): boolean {
  return newestSequence(thread) >= totalOf(thread);
}

export function isStored(thread: Thread, commentId: string): boolean {
  return commentsOf(thread).some((each) => each.commentId === commentId && !isPending(each));
}

export function tokenOf(thread: Thread): string {
  return thread.pages[0]?.consistencyToken ?? "";
}

// A comment that is being posted is shown in front of all others.
export function withPending(thread: Thread, comment: Comment): Thread {
  return withPageZero(thread, (page) => ({ ahead: [comment, ...aheadOf(page)] }));
}

export function withoutPending(thread: Thread, commentId: string): Thread {
  return withPageZero(thread, (page) => ({
    ahead: aheadOf(page).filter((other) => other.commentId !== commentId || !isPending(other)),
  }));
}

// A stored comment, by response or stream.
export function withArrived(
  thread: Thread,
  comment: Comment,
  total: number,
  facts?: ThreadFacts,
): Merge {
  const zero = thread.pages[0];
  if (zero === undefined) return { thread, joined: false };
  const page = { ...zero, comments: [comment], totalSize: total, ...factsField(facts) };
  const merge = withNewestPage(thread, page);
  if (merge.joined) return merge;
  // One's own stays where it is shown already; its place in the run comes with what is missing.
  return {
    joined: false,
    thread: withPageZero(merge.thread, (page) => ({
      ahead: aheadOf(page).map((other) =>
        other.commentId === comment.commentId ? comment : other,
      ),
    })),
  };
}

// The newest page, by poll or invalidation. Also takes a part of it, or an older state of it.
export function withNewestPage(thread: Thread, fresh: CommentPage): Merge {
  const run = thread.pages.flatMap((page) => page.comments);
  const newest = newestSequence(thread);
  if (thread.pages.length === 1 && reachesBelow(fresh.comments, run)) {
    const newer = run.filter((comment) => comment.sequence > (fresh.comments[0]?.sequence ?? 0));
    const comments = [...newer, ...fresh.comments];
    const taken = settled(withPageZero(thread, () => ({ ...fresh, comments })));
    return { joined: true, thread: withVersions(withKnown(taken, thread), run) };
  }
  const added = fresh.comments.filter((comment) => comment.sequence > newest);
  const size = (thread.pages[0]?.comments.length ?? 0) + added.length;
  const joined =
    added.length === 0 || (added.at(-1)?.sequence === newest + 1 && size <= PAGE_ZERO_COMMENTS_MAX);
  const merged = withPageZero(thread, ({ comments }) => ({
    comments: joined ? [...added, ...comments] : comments,
  }));
  const known = withKnown(settled(merged), threadOf(fresh));
  return { joined, thread: withVersions(known, fresh.comments) };
}

// Whether all of a run is at or above the end of a fresh page, without a gap in between.
function reachesBelow(fresh: readonly Comment[], run: readonly Comment[]): boolean {
  const lowest = run.at(-1)?.sequence;
  if (lowest === undefined) return true;
  const [first, last] = [fresh[0]?.sequence ?? 0, fresh.at(-1)?.sequence ?? 0];
  return last <= lowest && lowest <= first + 1;
}

// What a read of one more page returns holds the other pages as they were when it began: what has
// been written to them since is in `current`.
export function withReadPages(current: Thread, read: Thread): Thread {
  const pages = read.pages.map((page, index) => {
    const known = current.pageParams.indexOf(read.pageParams[index] ?? NEWEST);
    return current.pages[known] ?? page;
  });
  // In front of the run, but of no page that was dropped to make room.
  const [zero] = current.pages;
  const dropped = !read.pageParams.includes(current.pageParams[0] ?? NEWEST);
  const ahead = zero === undefined || dropped ? [] : aheadOf(zero);
  const thread = {
    pageParams: read.pageParams,
    pages: withoutRepetition(pages.map(({ ahead: _, ...page }) => page)),
  };
  return settled(withPageZero(thread, () => ({ ahead })));
}

function aheadOf(page: ThreadPage): readonly Comment[] {
  return page.ahead ?? [];
}

function withPageZero(thread: Thread, change: (page: ThreadPage) => Partial<ThreadPage>): Thread {
  const [zero, ...older] = thread.pages;
  if (zero === undefined) return thread;
  return { ...thread, pages: [{ ...zero, ...change(zero) }, ...older] };
}

// A page read by an old cursor may overlap with comments that have arrived since.
function withoutRepetition(pages: readonly ThreadPage[]): ThreadPage[] {
  let newest = 0;
  const upwards = [...pages].reverse().map((page) => {
    const comments = page.comments.filter((comment) => comment.sequence > newest);
    newest = comments[0]?.sequence ?? newest;
    return { ...page, comments };
  });
  return upwards.reverse();
}

// Takes out of those ahead what is in the run by now, and moves into it what has come to join it.
export function settled(thread: Thread): Thread {
  const ids = new Set(thread.pages.flatMap((page) => page.comments.map((each) => each.commentId)));
  return withPageZero(thread, (page) => {
    let comments = page.comments;
    let newest = newestSequence(thread);
    const ahead = aheadOf(page).filter((comment) => !ids.has(comment.commentId));
    for (const comment of [...ahead].reverse()) {
      if (isPending(comment) || comment.sequence !== newest + 1) continue;
      comments = [comment, ...comments];
      newest = comment.sequence;
    }
    return { comments, ahead: ahead.filter((comment) => !comments.includes(comment)) };
  });
}
