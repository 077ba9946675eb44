// Where one is in the list: what one reads stays in place, whatever comes or goes above it.

export const ROUNDING_PX = 1;

// Whether the list's beginning is in sight, or still to be scrolled down to.
export function isTopInView(list: HTMLElement): boolean {
  return list.getBoundingClientRect().top >= coveredHeight() - ROUNDING_PX;
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

export function moveBack(pixels: number): void {
  if (pixels !== 0) window.scrollBy({ top: pixels, behavior: "instant" });
}

// Makes a change to the list. `stays` says which of its items will still be there. Whoever looks at
// the beginning is shown what comes there, unless `isInside`: then more of the list is above.
export function keepPlace(
  list: HTMLElement,
  stays: (item: Element) => boolean,
  isInside: boolean,
  change: () => void,
): void {
  const anchor = !isInside && isTopInView(list) ? undefined : anchorOf(list, stays);
  const before = topOf(anchor);
  change();
  moveBack(topOf(anchor) - before);
}

// Keeps the place through every change of the layout around the list: a sidebar that opens, a
// summary that grows, a window that is turned.
export function holdPlace(list: HTMLElement): void {
  let anchor: Element | undefined;
  let top = 0;
  const note = () => {
    anchor = isTopInView(list) ? undefined : anchorOf(list, () => true);
    top = topOf(anchor);
  };
  window.addEventListener("scroll", note, { passive: true });
  const observer = new ResizeObserver(() => {
    if (anchor?.isConnected) moveBack(topOf(anchor) - top);
    note();
  });
  observer.observe(document.body);
  observer.observe(list);
}
