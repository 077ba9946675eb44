// The list of comments on the page. The nodes that the server rendered are taken over as they are.
import { type Comment, isPending, versionOf } from "./comment.ts";
import { setActions } from "./comment_actions.ts";
import { commentNode, nodeId, refreshNode } from "./comment_node.ts";
import { Folding } from "./folding.ts";
import type { PageClock } from "./page_time.ts";
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
  // Which version of its comment a node shows.
  readonly #versions = new WeakMap<Element, string>();

  constructor(element: HTMLElement, clock: PageClock, reader: Reader) {
    this.element = element;
    this.#clock = clock;
    this.#reader = reader;
    this.#folding = new Folding(element);
    for (const item of element.children) this.#folding.watch(item);
    // So that focus has somewhere to go when what had it is gone.
    element.tabIndex = -1;
  }

  // Shows exactly these, newest first. Those after `known` are news.
  show(comments: readonly Comment[], known: number): void {
    const wanted = new Set(comments.map((comment) => nodeId(comment.commentId)));
    for (const item of Array.from(this.element.children)) {
      if (wanted.has(item.id)) continue;
      if (item.contains(document.activeElement)) this.focus();
      item.remove();
    }
    this.#place(comments, known);
    markList(this.element, comments, { ...this.#reader, now: this.#clock.now() });
  }

  focus(): void {
    this.element.focus({ preventScroll: true });
  }

  // Nodes that are in their place already are not touched.
  #place(comments: readonly Comment[], known: number): void {
    const nodes = new Map(Array.from(this.element.children, (item) => [item.id, item]));
    let place = this.element.firstElementChild;
    for (const comment of comments) {
      const node = nodes.get(nodeId(comment.commentId)) ?? this.#make(comment, known);
      this.#refresh(node, comment);
      if (node === place) place = place.nextElementSibling;
      else this.element.insertBefore(node, place);
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
