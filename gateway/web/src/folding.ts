// A comment that is very long shows its beginning, and the rest on demand. The style sheet clips it
// from the first, where there are scripts; here it is found out which ones need a way to the rest.
import { element } from "./comment_node.ts";

const UNFOLDED = "unfolded";

export class Folding {
  readonly #sizes = new ResizeObserver((entries) => {
    for (const { target } of entries) offerRest(target);
  });

  constructor(list: HTMLElement) {
    // Whoever steps to a link out of sight, by key or by search, is to see it.
    list.addEventListener("focusin", ({ target }) => {
      if (!(target instanceof Element)) return;
      const body = target.closest(".body");
      if (body !== null && body.scrollTop > 0) unfold(body);
    });
  }

  watch(item: Element): void {
    const body = item.querySelector(".body");
    if (body !== null) this.#sizes.observe(body);
  }
}

function offerRest(body: Element): void {
  const isClipped = body.scrollHeight > body.clientHeight + 1;
  const button = restOf(body);
  if (isClipped === (button !== undefined)) return;
  if (!isClipped) {
    button?.remove();
    return;
  }
  const rest = element("button", "rest action", "Show all");
  rest.addEventListener("click", () => unfold(body));
  body.after(rest);
}

function unfold(body: Element): void {
  body.classList.add(UNFOLDED);
  body.scrollTop = 0;
  const button = restOf(body);
  if (button === document.activeElement) {
    // What had the focus is gone: it goes on from the text.
    body.setAttribute("tabindex", "-1");
    if (body instanceof HTMLElement) body.focus({ preventScroll: true });
  }
  button?.remove();
}

function restOf(body: Element): Element | undefined {
  const next = body.nextElementSibling;
  return next?.classList.contains("rest") ? next : undefined;
}
