// A comment as a list item, the very nodes that the page is rendered with. Text is text: nothing of
// a comment is ever read as HTML.
import { type Author, type Comment, isPending } from "./comment.ts";
import { exactTime, type PageClock, relativeTime } from "./page_time.ts";
import { avatarHue, avatarLetter, findLinks, shownName } from "./text.ts";

export function nodeId(commentId: string): string {
  return `comment-${commentId}`;
}

export function element<K extends keyof HTMLElementTagNameMap>(
  name: K,
  className: string,
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const node = document.createElement(name);
  if (className !== "") node.className = className;
  node.append(...children);
  return node;
}

function avatarNode(author: Author): HTMLElement {
  const node = element("span", `avatar hue-${avatarHue(author.userId)}`, avatarLetter(author));
  node.setAttribute("aria-hidden", "true");
  return node;
}

export function nameNode(author: Author): HTMLElement {
  return element("bdi", "", shownName(author));
}

export function authorNode(author: Author): HTMLElement {
  return element("strong", "author", nameNode(author));
}

export function timeNode(createTime: string, clock: PageClock): HTMLTimeElement {
  const time = Date.parse(createTime);
  const node = element("time", "", relativeTime(time, clock.now()));
  node.dateTime = createTime;
  node.title = exactTime(time);
  return node;
}

// A text with its addresses as links.
export function bodyNode(text: string): HTMLElement {
  const node = element("p", "body");
  node.dir = "auto";
  for (const part of findLinks(text)) {
    if (!part.isLink) {
      node.append(part.text);
      continue;
    }
    const link = element("a", "", part.text);
    link.href = part.text;
    link.rel = "noopener noreferrer nofollow ugc";
    node.append(link);
  }
  return node;
}

// Who took it away, when and why.
function tombstoneNode(comment: Comment, clock: PageClock): HTMLElement | undefined {
  const { removal, erased } = comment;
  if (removal === undefined) return undefined;
  const node = element("p", "tombstone", erased ? "Erased by " : "Removed by ");
  node.append(nameNode(removal.actor), ", ", timeNode(removal.time, clock));
  if (removal.reason === "") return node;
  const reason = element("q", "", removal.reason);
  reason.dir = "auto";
  node.append(": ", reason);
  return node;
}

function contentNode(comment: Comment, clock: PageClock): HTMLElement {
  return tombstoneNode(comment, clock) ?? bodyNode(comment.body);
}

// The address of the page at this comment.
export function permalinkOf(commentId: string): string {
  return `${location.pathname}?comment=${encodeURIComponent(commentId)}`;
}

// Here, or where it was imported from.
function isEdited({ revision, editTime }: Comment): boolean {
  return (revision ?? 1) > 1 || editTime !== undefined;
}

// When it was stored, or that it is not yet.
function stateNodes(comment: Comment, clock: PageClock): HTMLElement[] {
  if (isPending(comment)) return [element("span", "sending", "Sending…")];
  const nodes: HTMLElement[] = [];
  if (comment.isChanging) nodes.push(element("span", "sending", "Saving…"));
  else if (isEdited(comment) && comment.removal === undefined) {
    const edited = element("a", "edited", "edited");
    edited.href = `${location.pathname}/comments/${encodeURIComponent(comment.commentId)}/history`;
    nodes.push(edited);
  }
  const link = element("a", "permalink", timeNode(comment.createTime, clock));
  link.href = permalinkOf(comment.commentId);
  link.dataset.exact = exactTime(Date.parse(comment.createTime));
  nodes.push(link);
  return nodes;
}

export function commentNode(comment: Comment, clock: PageClock): HTMLLIElement {
  const node = element(
    "li",
    "comment",
    element(
      "article",
      "",
      element(
        "header",
        "",
        avatarNode(comment.author),
        authorNode(comment.author),
        ...stateNodes(comment, clock),
      ),
      contentNode(comment, clock),
    ),
  );
  node.id = nodeId(comment.commentId);
  mark(node, comment);
  return node;
}

// What was stored, or has changed, takes the place of what is shown: in the same node, so that
// nothing flickers, and text that is the same stays selected. What it said before is closed, for it
// says something else by now, or nothing; the way to its rest is offered anew where there is one.
export function refreshNode(node: Element, comment: Comment, clock: PageClock): void {
  mark(node, comment);
  const header = node.querySelector("header");
  const passing = "header > :is(.sending, .edited, .permalink, time), .revisions, .rest";
  for (const old of node.querySelectorAll(passing)) old.remove();
  header?.append(...stateNodes(comment, clock));
  const content = contentNode(comment, clock);
  const old = node.querySelector("article > :is(.body, .tombstone)");
  if (old?.className === content.className && old.textContent === content.textContent) return;
  old?.replaceWith(content);
}

function mark(node: Element, comment: Comment): void {
  node.classList.toggle("pending", isPending(comment) || comment.isChanging === true);
  node.classList.toggle("removed", comment.removal !== undefined);
  if (!isPending(comment)) node.setAttribute("data-sequence", String(comment.sequence));
}
