// A comment as a list item, the very nodes that the page is rendered with. Text is text: nothing of
// a comment is ever read as HTML.
import { type Author, type Comment, isPending } from "./comment.ts";
import { exactTime, type PageClock, relativeTime } from "./page_time.ts";
import { avatarHue, avatarLetter, findLinks, shownName } from "./text.ts";

export function nodeId(commentId: string): string {
  return `comment-${commentId}`;
}

function element<K extends keyof HTMLElementTagNameMap>(
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

export function authorNode(author: Author): HTMLElement {
  return element("strong", "author", element("bdi", "", shownName(author)));
}

export function timeNode(createTime: string, clock: PageClock): HTMLTimeElement {
  const time = Date.parse(createTime);
  const node = element("time", "", relativeTime(time, clock.now()));
  node.dateTime = createTime;
  node.title = exactTime(time);
  return node;
}

function bodyNode(text: string): HTMLElement {
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

// When it was stored, or that it is not yet.
function stateNode(comment: Comment, clock: PageClock): HTMLElement {
  if (isPending(comment)) return element("span", "sending", "Sending…");
  return timeNode(comment.createTime, clock);
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
        stateNode(comment, clock),
      ),
      bodyNode(comment.body),
    ),
  );
  node.id = nodeId(comment.commentId);
  mark(node, comment);
  return node;
}

// The stored comment takes the place of the one that was being posted: same node, so that nothing
// flickers and what was selected in it stays selected.
export function confirmNode(node: Element, comment: Comment, clock: PageClock): void {
  mark(node, comment);
  node.querySelector("header > .sending")?.replaceWith(stateNode(comment, clock));
}

function mark(node: Element, comment: Comment): void {
  node.classList.toggle("pending", isPending(comment));
  if (!isPending(comment)) node.setAttribute("data-sequence", String(comment.sequence));
}
