// A comment in the sidebar: who, when, on which invoice and how it begins, as a link to it.
import type { Comment, InvoiceName } from "./comment.ts";
import { authorNode, element, timeNode } from "./comment_node.ts";
import type { PageClock } from "./page_time.ts";
import { excerpt, invoicePath } from "./text.ts";

export function activityNode(
  { commentId, invoiceId, author, createTime, body, removal }: Comment,
  invoice: InvoiceName | undefined,
  unread: boolean,
  clock: PageClock,
): HTMLLIElement {
  const text = element("p", "excerpt", removal === undefined ? excerpt(body) : "Removed");
  text.dir = "auto";
  const link = element("a", "", authorNode(author), timeNode(createTime, clock));
  const path = invoicePath(invoice?.number ?? "", invoiceId);
  link.href = `${path}?comment=${encodeURIComponent(commentId)}`;
  if (invoice !== undefined) {
    const customer = element("bdi", "", invoice.customerName);
    link.append(element("span", "activity-invoice", `${invoice.number} · `, customer));
  }
  link.append(text);
  if (unread) link.prepend(element("span", "visually-hidden", "Unread: "));
  return element("li", `activity-item${unread ? " unread" : ""}`, link);
}
