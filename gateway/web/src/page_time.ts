// Times as people read them, always UTC. Pure functions but for the clock at the end.
// gateway/pages writes the same: both pass tests/gateway/page_text_vectors.json.
const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const WEEK_MS = 7 * DAY_MS;

const MONTHS = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];

function monthOf(date: Date): string {
  return MONTHS[date.getUTCMonth()] ?? "";
}

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
  return `${date.getUTCDate()} ${monthOf(date).slice(0, 3)} ${date.getUTCFullYear()}`;
}

export function exactTime(time: number): string {
  const date = new Date(time);
  const clock = date.toISOString().slice(11, 19);
  return `${date.getUTCDate()} ${monthOf(date)} ${date.getUTCFullYear()}, ${clock} UTC`;
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
    const text = relativeTime(Date.parse(element.dateTime), clock.now());
    if (element.textContent !== text) element.textContent = text;
  }
}
