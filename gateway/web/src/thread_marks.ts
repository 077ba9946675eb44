// What orders the list for the eye: where a day begins, who goes on speaking, what is new. The style
// sheet draws it from attributes, so that no node moves.
import { type Comment, isPending } from "./comment.ts";
import { nodeId } from "./comment_node.ts";
import { longDay } from "./page_time.ts";
import { isOldestFirst } from "./reading_place.ts";
import { timeOf } from "./status_lines.ts";

const RUN_MS_MAX = 10 * 60_000;

export interface Marks {
  readonly now: number;
  readonly userId: string;
  // See ReadMark.
  readonly seen: number;
}

// `comments` are those of the list.
export function markList(list: Element, comments: readonly Comment[], marks: Marks): void {
  const byId = new Map(comments.map((comment) => [nodeId(comment.commentId), comment]));
  let day = longDay(marks.now);
  let above: Comment | undefined;
  // The last of the others' that is new.
  let news: Element | undefined;
  let seen: Element | undefined;
  const isUpwards = isOldestFirst(list);
  for (const item of list.children) {
    const comment = byId.get(item.id);
    const itsDay = longDay(comment === undefined ? timeOf(item) : Date.parse(comment.createTime));
    set(item, "data-day", itsDay === day ? undefined : itsDay);
    if (comment !== undefined) {
      item.classList.toggle("run", itsDay === day && goesOn(above, comment));
      set(item, "data-mention", comment.mentions?.includes(marks.userId) ? "" : undefined);
      const isSeen = !isPending(comment) && comment.sequence <= marks.seen;
      const isNews = !isSeen && comment.author.userId !== marks.userId;
      const begins = isUpwards ? isNews && seen : isSeen && news;
      set(item, "data-seen", begins ? "New since your last visit" : undefined);
      // Drawn once.
      if (isSeen) [seen, news] = [item, undefined];
      else if (isNews) [seen, news] = [undefined, item];
    }
    day = itsDay;
    above = comment;
  }
}

// Between the two nothing else stands.
function goesOn(above: Comment | undefined, comment: Comment): boolean {
  if (above === undefined || above.author.userId !== comment.author.userId) return false;
  if (above.author.displayName !== comment.author.displayName) return false;
  // What was taken away is a break of its own.
  if (above.removal !== undefined || comment.removal !== undefined) return false;
  const between = Date.parse(above.createTime) - Date.parse(comment.createTime);
  return Math.abs(between) <= RUN_MS_MAX;
}

function set(item: Element, name: string, value: string | undefined): void {
  if (value === undefined) item.removeAttribute(name);
  else if (item.getAttribute(name) !== value) item.setAttribute(name, value);
}
