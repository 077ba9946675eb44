// What the server rendered the thread from, for the leaf to go on with.
import type { ReadState, Viewer } from "./comment.ts";
import type { FirstPage } from "./thread_query.ts";

export interface Dehydrated extends FirstPage {
  readonly viewer: Viewer;
  // Absent where the server could not tell.
  readonly readState?: ReadState;
}

// Undefined on a page without a thread, or where the thread could not be read.
export function readDehydrated(): Dehydrated | undefined {
  const text = document.getElementById("dehydrated")?.textContent;
  return text ? JSON.parse(text) : undefined;
}
