// A browser's page for tests, as far as the leaf uses one. test/run.mjs has every test load it first.
import { webcrypto } from "node:crypto";
import { DOMParser, parseHTML } from "linkedom";

const { window: page, document } = parseHTML("<!doctype html><html><body></body></html>");

// Not kept by linkedom: who has the focus, where things are, and whether anybody looks.
let focused: Element | undefined;
const looks = { visibilityState: "visible", hasFocus: true };
const tops = new Map<string, number>();

Object.defineProperties(document, {
  activeElement: { get: () => (focused?.isConnected ? focused : document.body) },
  visibilityState: { get: () => looks.visibilityState },
  hasFocus: { value: () => looks.hasFocus },
});
Object.assign(page.HTMLElement.prototype, {
  focus(this: Element) {
    focused = this;
  },
  scrollIntoView() {},
  getBoundingClientRect(this: Element) {
    const top = tops.get(this.id) ?? 0;
    return { top, bottom: top };
  },
});

class NoObserver {
  observe(): void {}
  disconnect(): void {}
}

const globals: Record<string, unknown> = {
  window: page,
  document,
  DOMParser,
  Element: page.Element,
  HTMLAnchorElement: page.HTMLAnchorElement,
  IntersectionObserver: NoObserver,
  ResizeObserver: NoObserver,
  // Without locks: each page has a stream of its own.
  navigator: {},
  history: { state: null, replaceState() {} },
  location: { pathname: "/invoices/INV-1042", search: "", hash: "" },
};
for (const [name, value] of Object.entries(globals)) {
  Object.defineProperty(globalThis, name, { value, writable: true, configurable: true });
}
Object.assign(page, { scrollBy() {}, scrollY: 0 });
// Node 18 keeps it in a module.
Object.defineProperty(globalThis, "crypto", { value: webcrypto, configurable: true });

export function showPage(html: string): void {
  focused = undefined;
  tops.clear();
  document.body.innerHTML = html;
}

// Where the top of the element with that id is; the height of the bar at the top is 0.
export function placeTop(id: string, top: number): void {
  tops.set(id, top);
}

export function look(how: { visible?: boolean; focused?: boolean }): void {
  if (how.visible !== undefined) looks.visibilityState = how.visible ? "visible" : "hidden";
  if (how.focused !== undefined) looks.hasFocus = how.focused;
  document.dispatchEvent(new page.Event("visibilitychange"));
  page.dispatchEvent(new page.Event(looks.hasFocus ? "focus" : "blur"));
}

export function fire(target: EventTarget, type: string, properties: object = {}): void {
  const event = new page.Event(type, { bubbles: true, cancelable: true });
  target.dispatchEvent(Object.assign(event, properties));
}

export function find<T extends Element = HTMLElement>(selector: string): T {
  const found = document.querySelector<T>(selector);
  if (found === null) throw new Error(`the page has no ${selector}`);
  return found;
}
