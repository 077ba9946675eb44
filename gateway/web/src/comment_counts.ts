// What the page says of how many comments there are.

import type { Thread } from "./comment.ts";
import { countWords } from "./text.ts";
import { countOf, factsOf, pendingOf } from "./thread_pages.ts";

export class CommentCounts {
  #shown = 0;
  #summary = 0;

  // What the summary counts. It follows behind, so it matters only where the thread says nothing of
  // itself: there a thread only grows.
  raise(count: number): void {
    this.#summary = Math.max(this.#summary, count);
  }

  // In the same turn as the list is shown, so that no count can be behind it. `removing`: how many
  // one has taken away that the server still counts.
  show(thread: Thread, removing: number): void {
    const count = countOf(thread);
    const confirmed = factsOf(thread) === undefined ? Math.max(count, this.#summary) : count;
    this.#shown = confirmed + pendingOf(thread).length - removing;
    const text = countWords(this.#shown);
    for (const place of document.querySelectorAll("[data-comment-count]")) {
      if (place.textContent !== text) place.textContent = text;
    }
  }
}
