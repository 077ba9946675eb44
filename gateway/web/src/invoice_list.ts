// The list of invoices: its rows follow what happens, each in its place, and keys lead along them.
import { readPage } from "./comments_api.ts";
import { type PageClock, refreshTimes } from "./page_time.ts";
import { pollTag } from "./polled_tag.ts";
import { followShortcuts } from "./shortcuts.ts";

const LINK = "tbody th a";

export function startInvoiceList(main: HTMLElement, clock: PageClock): void {
  const search = main.querySelector<HTMLInputElement>("#search");
  followShortcuts([
    ["/", "Search", () => search?.select()],
    ["j", "Go to the next invoice", () => move(main, 1)],
    ["k", "Go to the invoice before", () => move(main, -1)],
  ]);
  const rows = main.querySelector<HTMLElement>(".invoices");
  if (rows === null) return;
  const query = new URLSearchParams(location.search);
  // Where they were found, which may be further on than where it was begun to look.
  query.set("cursor", rows.dataset.cursor ?? "");
  pollTag(`/api/invoices?${query}&limit=50`, async () => {
    follow(main, await readPage(`${location.pathname}?${query}`), clock);
  });
}

// Rows that have gone or come are left to who loads the page anew: nothing moves.
function follow(main: HTMLElement, html: string, clock: PageClock): void {
  const page = new DOMParser().parseFromString(html, "text/html");
  refreshTimes(page, clock);
  const rows = new Map(
    Array.from(page.querySelectorAll(LINK), (link) => [link.getAttribute("href"), link]),
  );
  for (const link of main.querySelectorAll(LINK)) {
    const row = link.closest("tr");
    const fresh = rows.get(link.getAttribute("href"))?.closest("tr");
    if (!row || !fresh || row.innerHTML === fresh.innerHTML) continue;
    // The link stays, for it may have the focus.
    for (const cell of Array.from(row.children).slice(1)) cell.remove();
    row.append(...Array.from(fresh.children).slice(1));
  }
}

function move(main: HTMLElement, step: number): void {
  const links = Array.from(main.querySelectorAll<HTMLElement>(LINK));
  const at = links.indexOf(document.activeElement as HTMLElement);
  const next = at < 0 ? (step > 0 ? 0 : links.length - 1) : at + step;
  links[next]?.focus();
}
