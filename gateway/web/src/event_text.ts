// What somebody else did, for those who listen to the page. New comments are told by News.
import { isResolved, type ThreadEvent } from "./comment.ts";
import { shownName } from "./text.ts";

// Undefined: it is no news, or one did it oneself.
export function eventText(
  { kind, comment, thread }: ThreadEvent,
  userId: string,
): string | undefined {
  if (kind === "comment_edited" && comment !== undefined) {
    if (comment.author.userId === userId) return undefined;
    return `${shownName(comment.author)} edited a comment`;
  }
  if (comment?.removal !== undefined) {
    const { actor } = comment.removal;
    return actor.userId === userId ? undefined : `${shownName(actor)} removed a comment`;
  }
  const isSettling = kind === "thread_resolved" || kind === "thread_reopened";
  if (!isSettling || thread?.stateActor === undefined) return undefined;
  const { stateActor } = thread;
  if (stateActor.userId === userId) return undefined;
  return `${shownName(stateActor)} ${isResolved(thread) ? "resolved" : "reopened"} the thread`;
}
