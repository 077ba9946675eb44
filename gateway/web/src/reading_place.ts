// Where one is in the list: what one reads stays in place, whatever comes or goes above it.

export const ROUNDING_PX = 1;
// Longer than a browser is on its way to where a key leads.
const KEY_SCROLL_MS = 750;

// Whether the reader wants the oldest comment first: then new ones come at the list's end.
export function isOldestFirst(list: Element): boolean {
  return list.classList.contains("oldest-first");
}

// Whether one looks at where new comments come.
export function isNewestInView(list: HTMLElement): boolean {
  if (!isOldestFirst(list)) return isTopInView(list);
  return list.getBoundingClientRect().bottom <= window.innerHeight + ROUNDING_PX;
}

// Whether the list's beginning is in sight, or still to be scrolled down to.
export function isTopInView(list: HTMLElement): boolean {
  return list.getBoundingClientRect().top >= coveredHeight() - ROUNDING_PX;
}

export function isInSight(element: Element): boolean {
  const { top, bottom } = element.getBoundingClientRect();
  return bottom > coveredHeight() && top < window.innerHeight;
}

// The bar at the top covers what is scrolled under it.
export function coveredHeight(): number {
  return document.querySelector(".top")?.getBoundingClientRect().bottom ?? 0;
}

// The first item that one sees, of those that `stays` names.
export function anchorOf(
  list: HTMLElement,
  stays: (item: Element) => boolean,
): Element | undefined {
  const covered = coveredHeight();
  return Array.from(list.children).find(
    (item) => item.getBoundingClientRect().bottom > covered && stays(item),
  );
}

export function topOf(anchor: Element | undefined): number {
  return anchor?.getBoundingClientRect().top ?? 0;
}

// Of the list whose place is held: takes back what has grown since, and notes where one is.
let hold = () => {};
let note = () => {};
// Where one goes, until one has arrived or left.
let going: (() => void) | undefined;

export function moveBack(pixels: number): void {
  if (pixels !== 0) window.scrollBy({ top: pixels, behavior: "instant" });
}

// Goes somewhere, and stays there: a browser that is still on its way from a key pressed before goes on
// from wherever it is brought.
export function goAndStay(go: () => void): void {
  going = go;
  go();
  setTimeout(() => {
    if (going === go) going = undefined;
  }, KEY_SCROLL_MS);
}

// Whoever goes elsewhere is not brought back. It is told before what goes there by the same key.
export function whenLeft(leave: () => void): void {
  for (const type of ["wheel", "touchstart", "keydown", "pointerdown"]) {
    window.addEventListener(type, leave, { passive: true, capture: true });
  }
}

// Makes a change to the list. `stays` says which of its items will still be there. Whoever looks at
// the newest is shown what comes there, unless `isInside`: then more of the list is beyond.
export function keepPlace(
  list: HTMLElement,
  stays: (item: Element) => boolean,
  isInside: boolean,
  change: () => void,
): void {
  hold();
  const isAtEnd = isNewestInView(list);
  const anchor = !isInside && isAtEnd ? undefined : anchorOf(list, stays);
  // Where one writes is below the list then, and stays.
  const isHeldBelow = isOldestFirst(list) && (isWriting() || (anchor === undefined && isAtEnd));
  const place = () => (isHeldBelow ? list.getBoundingClientRect().bottom : topOf(anchor));
  const before = place();
  change();
  moveBack(place() - before);
  note();
}

// Whether one is where one writes, and looks at it.
export function isWriting(): boolean {
  const form = document.activeElement?.closest("#comment-form");
  return form != null && isInSight(form);
}

// Keeps the place through every change of the layout around the list: a sidebar that opens, a
// summary that grows, a window that is turned.
export function holdPlace(list: HTMLElement): void {
  let anchor: Element | undefined;
  let top = 0;
  let scrolled = 0;
  note = () => {
    const isAtStart = isTopInView(list) && !isOldestFirst(list);
    anchor = isAtStart ? undefined : anchorOf(list, () => true);
    top = topOf(anchor);
    scrolled = window.scrollY;
  };
  // What was scrolled is told before what has grown, in the same frame: the two are told apart here.
  hold = () => {
    const grown = topOf(anchor) - top + window.scrollY - scrolled;
    if (going !== undefined) going();
    else if (anchor?.isConnected && Math.abs(grown) >= ROUNDING_PX) moveBack(grown);
    note();
  };
  window.addEventListener("scroll", hold, { passive: true });
  whenLeft(() => {
    going = undefined;
  });
  const observer = new ResizeObserver(hold);
  observer.observe(document.body);
  observer.observe(list);
}
