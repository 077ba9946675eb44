// The list of comments on the page. The nodes that the server rendered are taken over as they are.
import { type Comment, isPending } from "./comment.ts";
import { commentNode, confirmNode, nodeId } from "./comment_node.ts";
import { Folding } from "./folding.ts";
import type { PageClock } from "./page_time.ts";
import { markList } from "./thread_marks.ts";

export class CommentList {
  readonly element: HTMLElement;
  readonly #clock: PageClock;
  readonly #reader: { readonly userId: string; readonly seen: number };
  readonly #folding: Folding;

  // `seen`: see LastVisit.
  constructor(
    element: HTMLElement,
    clock: PageClock,
    reader: { readonly userId: string; readonly seen: number },
  ) {
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
      if (node.classList.contains("pending") && !isPending(comment)) {
        confirmNode(node, comment, this.#clock);
      }
      if (node === place) place = place.nextElementSibling;
      else this.element.insertBefore(node, place);
    }
  }

  #make(comment: Comment, known: number): Element {
    const node = commentNode(comment, this.#clock);
    if (comment.sequence > known) node.classList.add("arrived");
    this.#folding.watch(node);
    return node;
  }
}
