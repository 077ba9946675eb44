// Every place on the page that says how many comments there are.

import type { Thread } from "./comment.ts";
import { countNumber, countWords } from "./text.ts";
import { pendingOf, totalOf } from "./thread_pages.ts";

export class CommentCounts {
  #confirmed = 0;
  #shown = 0;

  // What the server counted at least: a count once shown is not taken back by an older one.
  raise(count: number): void {
    this.#confirmed = Math.max(this.#confirmed, count);
  }

  // In the same turn as the list is shown, so that no count can be behind it.
  show(thread: Thread): void {
    this.raise(totalOf(thread));
    this.#shown = this.#confirmed + pendingOf(thread).length;
    this.write(document);
  }

  write(root: ParentNode): void {
    for (const place of root.querySelectorAll<HTMLElement>("[data-comment-count]")) {
      const isNumber = place.dataset.commentCount === "number";
      const text = isNumber ? countNumber(this.#shown) : countWords(this.#shown);
      if (place.textContent !== text) place.textContent = text;
    }
  }
}
