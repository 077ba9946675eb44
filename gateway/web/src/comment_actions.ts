// What one can do with a comment, as buttons at its end.
import type { CommentHistoryParts } from "./comment_history.ts";
import { element } from "./comment_node.ts";

// Makes the comment offer exactly these: words for people, such as "Edit".
export function setActions(item: Element, actions: readonly string[]): void {
  const row = item.querySelector(":scope > article > .comment-actions");
  const offered = Array.from(row?.querySelectorAll("button") ?? [], (each) => each.textContent);
  if (offered.join() === actions.join() && (row === null) === (actions.length === 0)) return;
  const had = row?.contains(document.activeElement) === true;
  row?.remove();
  if (actions.length === 0) {
    if (had) item.closest<HTMLElement>("ol")?.focus({ preventScroll: true });
    return;
  }
  const author = item.querySelector(".author")?.textContent ?? "";
  const fresh = element("p", "comment-actions");
  for (const label of actions) {
    const button = element("button", "link-button", label);
    button.type = "button";
    // There are many of each on the page: those who listen hear which one it is.
    button.setAttribute("aria-label", `${label} the comment by ${author}`);
    fresh.append(button);
  }
  item.querySelector("article")?.append(fresh);
}

// Calls back with the comment's id and the word.
export function followActions(
  list: HTMLElement,
  act: (commentId: string, action: string) => void,
): void {
  list.addEventListener("click", (event) => {
    if (!(event.target instanceof Element)) return;
    const button = event.target.closest(".comment-actions button");
    const item = button?.closest("li");
    if (button && item) act(item.id.replace(/^comment-/, ""), button.textContent);
  });
}

// The way to what an edited comment said before: shown in its place, where its "edited" is followed.
export function followHistory(list: HTMLElement, parts: CommentHistoryParts): void {
  list.addEventListener("click", async (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    const link =
      event.target instanceof Element ? event.target.closest<HTMLAnchorElement>("a.edited") : null;
    const item = link?.closest("li");
    if (!link || !item) return;
    event.preventDefault();
    try {
      const { toggleHistory } = await import("./comment_history.ts");
      await toggleHistory(link, item, parts);
    } catch {
      // The page that it leads to says the same.
      location.assign(link.href);
    }
  });
}

// Puts the focus where one was before a form took its place.
export function focusAction(item: Element, action: string): void {
  const buttons = Array.from(item.querySelectorAll<HTMLElement>(".comment-actions button"));
  const button = buttons.find((each) => each.textContent === action);
  (button ?? item.closest<HTMLElement>("ol"))?.focus({ preventScroll: true });
}
