// Times as people read them. Pure functions but for the clock at the end. gateway/pages writes the
// same, in UTC: both pass tests/gateway/page_text_vectors.json. Here they are in the reader's zone.
const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const WEEK_MS = 7 * DAY_MS;

const MONTH = new Intl.DateTimeFormat("en-GB", { month: "long" });

function ago(count: number, unit: string): string {
  return `${count} ${unit}${count === 1 ? "" : "s"} ago`;
}

// Both in milliseconds since 1970.
export function relativeTime(time: number, now: number): string {
  const age = now - time;
  if (age < MINUTE_MS) return "just now";
  if (age < HOUR_MS) return ago(Math.floor(age / MINUTE_MS), "minute");
  if (age < DAY_MS) return ago(Math.floor(age / HOUR_MS), "hour");
  if (age < WEEK_MS) return ago(Math.floor(age / DAY_MS), "day");
  const date = new Date(time);
  return `${date.getDate()} ${MONTH.format(date).slice(0, 3)} ${date.getFullYear()}`;
}

export function exactTime(time: number): string {
  const date = new Date(time);
  const clock = [date.getHours(), date.getMinutes(), date.getSeconds()]
    .map((part) => String(part).padStart(2, "0"))
    .join(":");
  return `${longDay(time)}, ${clock} ${zoneOf(date)}`;
}

export function longDay(time: number): string {
  const date = new Date(time);
  return `${date.getDate()} ${MONTH.format(date)} ${date.getFullYear()}`;
}

const ZONE = new Intl.DateTimeFormat("en-GB", { timeZoneName: "short" });

function zoneOf(date: Date): string {
  return ZONE.formatToParts(date).find(({ type }) => type === "timeZoneName")?.value ?? "";
}

// Tells the server's time, which comments carry: a browser's own clock may be wrong.
export class PageClock {
  readonly #offset: number;

  // `serverNow` is RFC 3339; what is no time means that the browser's clock must do.
  constructor(serverNow: string | undefined) {
    const now = Date.parse(serverNow ?? "");
    this.#offset = Number.isNaN(now) ? 0 : now - Date.now();
  }

  now(): number {
    return Date.now() + this.#offset;
  }
}

// Brings every relative time under `root` up to date.
export function refreshTimes(root: ParentNode, clock: PageClock): void {
  for (const element of root.querySelectorAll<HTMLTimeElement>("time[title]")) {
    const time = Date.parse(element.dateTime);
    const text = relativeTime(time, clock.now());
    if (element.textContent !== text) element.textContent = text;
    const exact = exactTime(time);
    if (element.title !== exact) element.title = exact;
    const link = element.closest<HTMLElement>("a.permalink");
    if (link !== null && link.dataset.exact !== exact) link.dataset.exact = exact;
  }
}
