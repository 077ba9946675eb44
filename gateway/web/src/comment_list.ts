// The list of comments on the page. The nodes that the server rendered are taken over as they are.
import { type Comment, isPending } from "./comment.ts";
import { commentNode, confirmNode, nodeId } from "./comment_node.ts";
import type { PageClock } from "./page_time.ts";

export class CommentList {
  readonly element: HTMLElement;
  readonly #clock: PageClock;

  constructor(element: HTMLElement, clock: PageClock) {
    this.element = element;
    this.#clock = clock;
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
    return node;
  }
}
