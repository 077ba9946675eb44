// A comment in the sidebar: who, when and how it begins, as a link to its invoice.
import type { Comment } from "./comment.ts";
import { authorNode, element, nodeId, timeNode } from "./comment_node.ts";
import type { PageClock } from "./page_time.ts";
import { excerpt } from "./text.ts";

export function activityNode(comment: Comment, unread: boolean, clock: PageClock): HTMLLIElement {
  const text = document.createElement("p");
  text.className = "excerpt";
  text.dir = "auto";
  text.textContent = excerpt(comment.body);
  const link = document.createElement("a");
  link.href = `/invoices/${encodeURIComponent(comment.invoiceId)}#${nodeId(comment.commentId)}`;
  link.append(authorNode(comment.author), timeNode(comment.createTime, clock), text);
  const node = document.createElement("li");
  node.className = `activity-item${unread ? " unread" : ""}`;
  if (unread) link.prepend(element("span", "visually-hidden", "Unread: "));
  node.append(link);
  return node;
}
