// What orders the list for the eye: where a day begins, who goes on speaking, what is new. The style
// sheet draws it from attributes, so that no node moves.
import { type Comment, isPending } from "./comment.ts";
import { nodeId } from "./comment_node.ts";
import { longDay } from "./page_time.ts";

const RUN_MS_MAX = 10 * 60_000;

export interface Marks {
  readonly now: number;
  readonly userId: string;
  // See ReadMark.
  readonly seen: number;
}

// `comments` are those of the list, newest first.
export function markList(list: Element, comments: readonly Comment[], marks: Marks): void {
  const items = new Map(Array.from(list.children, (item) => [item.id, item]));
  let day = longDay(marks.now);
  let above: Comment | undefined;
  let news = 0;
  for (const comment of comments) {
    const item = items.get(nodeId(comment.commentId));
    if (item === undefined) continue;
    const itsDay = longDay(Date.parse(comment.createTime));
    set(item, "data-day", itsDay === day ? undefined : itsDay);
    item.classList.toggle("run", itsDay === day && goesOn(above, comment));
    set(item, "data-mention", comment.mentions?.includes(marks.userId) ? "" : undefined);
    const isSeen = !isPending(comment) && comment.sequence <= marks.seen;
    set(item, "data-seen", isSeen && news > 0 ? "New since your last visit" : undefined);
    if (isSeen) news = 0;
    else if (comment.author.userId !== marks.userId) news += 1;
    day = itsDay;
    above = comment;
  }
}

// Above stands what was said next.
function goesOn(above: Comment | undefined, comment: Comment): boolean {
  if (above === undefined || above.author.userId !== comment.author.userId) return false;
  if (above.author.displayName !== comment.author.displayName) return false;
  // What was taken away is a break of its own.
  if (above.removal !== undefined || comment.removal !== undefined) return false;
  return Date.parse(above.createTime) - Date.parse(comment.createTime) <= RUN_MS_MAX;
}

function set(item: Element, name: string, value: string | undefined): void {
  if (value === undefined) item.removeAttribute(name);
  else if (item.getAttribute(name) !== value) item.setAttribute(name, value);
}
