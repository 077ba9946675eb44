// What an edited comment said before, in its place. A file of its own, loaded when somebody wants to
// know: what the page knows already is handed to it.
import type { Announcer } from "./announcer.ts";
import { bodyNode, element, nameNode, timeNode } from "./comment_node.ts";
import type { CommentsApi, Revision } from "./comments_api.ts";
import type { PageClock } from "./page_time.ts";

export interface CommentHistoryParts {
  readonly api: CommentsApi;
  readonly clock: PageClock;
  readonly announcer: Announcer;
}

// Shows it, or no longer. `link` is the one that was followed.
export async function toggleHistory(
  link: Element,
  item: Element,
  { api, clock, announcer }: CommentHistoryParts,
): Promise<void> {
  const open = item.querySelector(".revisions");
  link.setAttribute("aria-expanded", String(open === null));
  if (open !== null) {
    open.remove();
    return;
  }
  const list = element("ol", "revisions");
  list.setAttribute("aria-label", "What it said before");
  item.querySelector("article")?.append(list);
  try {
    const { revisions } = await api.revisions(item.id.replace(/^comment-/, ""));
    // The newest is what stands above.
    const earlier = revisions.slice(0, -1).reverse();
    list.append(...earlier.map((each) => revisionNode(each, clock)));
    // Nothing is kept of what was edited before it was imported.
    if (earlier.length === 0) list.append(element("li", "revision", "Not known: imported so."));
    announcer.say(`${earlier.length} earlier version${earlier.length === 1 ? "" : "s"}`);
  } catch {
    list.remove();
    link.setAttribute("aria-expanded", "false");
    announcer.say("What it said before could not be read. Try again.");
  }
}

function revisionNode(revision: Revision, clock: PageClock): HTMLElement {
  const from = element("p", "revision-head", nameNode(revision.editor), ", ");
  from.append(timeNode(revision.time, clock));
  const body = revision.erased ? element("p", "tombstone", "Erased") : bodyNode(revision.body);
  return element("li", "revision", from, body);
}
