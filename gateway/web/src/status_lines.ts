// What became of the invoice, as lines among the comments at their time. The server writes them, with
// the summary; here it is found out where they stand in what is loaded of the thread.
import type { Comment } from "./comment.ts";
import { type PageClock, refreshTimes } from "./page_time.ts";
import { isOldestFirst } from "./reading_place.ts";

// Whether the list begins with the newest comment there is, and ends with the oldest.
export interface Ends {
  readonly newest: boolean;
  readonly oldest: boolean;
}

export function isStatusLine(item: Element | null): boolean {
  return item?.classList.contains("status-change") ?? false;
}

export class StatusLines {
  readonly #list: Element;
  readonly #clock: PageClock;
  // The id of the last item before it, by the id of the line: no other comment comes in between.
  readonly #after = new Map<string, string>();

  constructor(list: Element, clock: PageClock) {
    this.#list = list;
    this.#clock = clock;
    // As the server has placed them, which knows what comes next.
    let last = "";
    const items = Array.from(list.children);
    for (const item of isOldestFirst(list) ? items : items.reverse()) {
      if (isStatusLine(item)) this.#after.set(item.id, last);
      else last = item.id;
    }
  }

  // The items of the list, newest first: `nodes`, which are those of `comments`, with the lines.
  among(comments: readonly Comment[], nodes: readonly Element[], ends: Ends): Element[] {
    const lines = linesOfInvoice();
    const items: Element[] = [];
    for (const [index, node] of nodes.entries()) {
      const time = Date.parse(comments[index]?.createTime ?? "");
      const end = lines.findIndex((line) => timeOf(line) < time);
      for (const line of lines.splice(0, end < 0 ? lines.length : end)) {
        // What is not loaded may come before it.
        const isNext = index > 0 || ends.newest || this.#after.get(line.id) === node.id;
        if (!isNext) continue;
        this.#after.set(line.id, node.id);
        items.push(this.#nodeOf(line));
      }
      items.push(node);
    }
    if (ends.oldest) items.push(...lines.map((line) => this.#nodeOf(line)));
    return items;
  }

  // One that is in the list already stays as it is.
  #nodeOf(line: Element): Element {
    const placed = Array.from(this.#list.children).find(({ id }) => id === line.id);
    if (placed !== undefined) return placed;
    const node = document.importNode(line, true);
    refreshTimes(node, this.#clock);
    return node;
  }
}

// Newest first; none while the invoice cannot be had.
function linesOfInvoice(): Element[] {
  const template = document.querySelector<HTMLTemplateElement>("template#status-changes");
  return Array.from(template?.content.children ?? []);
}

// When what an item of the list tells of happened.
export function timeOf(item: Element): number {
  return Date.parse(item.querySelector("time")?.dateTime ?? "");
}
