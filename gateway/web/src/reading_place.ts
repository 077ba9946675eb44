// Where one is in the list: what one reads stays in place, whatever comes or goes above it.

const ROUNDING_PX = 1;

// Whether the list's beginning is in sight, or still to be scrolled down to.
export function isTopInView(list: HTMLElement): boolean {
  return list.getBoundingClientRect().top >= coveredHeight() - ROUNDING_PX;
}

// The bar at the top covers what is scrolled under it.
function coveredHeight(): number {
  return document.querySelector(".top")?.getBoundingClientRect().bottom ?? 0;
}

// Makes a change to the list. `stays` says which of its items will still be there.
export function keepPlace(
  list: HTMLElement,
  stays: (item: Element) => boolean,
  change: () => void,
): void {
  const covered = coveredHeight();
  const anchor = isTopInView(list)
    ? undefined
    : Array.from(list.children).find(
        (item) => item.getBoundingClientRect().bottom > covered && stays(item),
      );
  const before = anchor?.getBoundingClientRect().top ?? 0;
  change();
  const moved = (anchor?.getBoundingClientRect().top ?? 0) - before;
  if (moved !== 0) window.scrollBy({ top: moved, behavior: "instant" });
}
