// The list of comments on the page. The nodes that the server rendered are taken over as they are.
import { type Comment, isPending, versionOf } from "./comment.ts";
import { setActions } from "./comment_actions.ts";
import { commentNode, nodeId, refreshNode } from "./comment_node.ts";
import { Folding } from "./folding.ts";
import type { PageClock } from "./page_time.ts";
import { isOldestFirst } from "./reading_place.ts";
import { type Ends, StatusLines } from "./status_lines.ts";
import { markList } from "./thread_marks.ts";

export interface Reader {
  readonly userId: string;
  // See ReadMark.
  readonly seen: number;
  // What the reader can do with a comment.
  readonly actions: (comment: Comment) => readonly string[];
}

export class CommentList {
  readonly element: HTMLElement;
  readonly #clock: PageClock;
  readonly #reader: Reader;
  readonly #folding: Folding;
  readonly #lines: StatusLines;
  // Which version of its comment a node shows.
  readonly #versions = new WeakMap<Element, string>();

  constructor(element: HTMLElement, clock: PageClock, reader: Reader) {
    this.element = element;
    this.#clock = clock;
    this.#reader = reader;
    this.#folding = new Folding(element);
    this.#lines = new StatusLines(element, clock);
    for (const item of element.children) this.#folding.watch(item);
    // So that focus has somewhere to go when what had it is gone.
    element.tabIndex = -1;
  }

  // Shows exactly these, newest first, and what became of the invoice. Those after `known` are news.
  show(comments: readonly Comment[], known: number, ends: Ends): void {
    const items = this.#lines.among(comments, this.#nodesOf(comments, known), ends);
    if (isOldestFirst(this.element)) items.reverse();
    for (const item of Array.from(this.element.children)) {
      if (items.includes(item)) continue;
      if (item.contains(document.activeElement)) this.focus();
      item.remove();
    }
    this.#place(items);
    markList(this.element, comments, { ...this.#reader, now: this.#clock.now() });
  }

  focus(): void {
    this.element.focus({ preventScroll: true });
  }

  #nodesOf(comments: readonly Comment[], known: number): Element[] {
    const nodes = new Map(Array.from(this.element.children, (item) => [item.id, item]));
    return comments.map((comment) => {
      const node = nodes.get(nodeId(comment.commentId)) ?? this.#make(comment, known);
      this.#refresh(node, comment);
      return node;
    });
  }

  // Nodes that are in their place already are not touched.
  #place(items: readonly Element[]): void {
    let place = this.element.firstElementChild;
    for (const item of items) {
      if (item === place) place = place.nextElementSibling;
      else this.element.insertBefore(item, place);
    }
  }

  #make(comment: Comment, known: number): Element {
    const node = commentNode(comment, this.#clock);
    if (comment.sequence > known) node.classList.add("arrived");
    this.#versions.set(node, shownVersion(comment));
    this.#folding.watch(node);
    return node;
  }

  #refresh(node: Element, comment: Comment): void {
    const version = shownVersion(comment);
    const shown = this.#versions.get(node);
    // What the server rendered is the version that came with it.
    if (shown !== undefined && shown !== version) {
      refreshNode(node, comment, this.#clock);
      this.#folding.watch(node);
    }
    this.#versions.set(node, version);
    setActions(node, comment.isChanging ? [] : this.#reader.actions(comment));
  }
}

function shownVersion(comment: Comment): string {
  const change = comment.isChanging ? comment.body : "";
  return JSON.stringify([versionOf(comment), isPending(comment), comment.isChanging, change]);
}
