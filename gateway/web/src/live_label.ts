// Says beside the heading whether new comments appear by themselves.
import type { LiveState } from "./live_events.ts";

const LABELS: Record<LiveState, string> = {
  live: "Live",
  down: "Reconnecting… checking every 10 seconds",
  "signed-out": "Signed out: reload the page to sign in",
};

export function showLiveState(place: HTMLElement | null, state: LiveState): void {
  if (place === null) return;
  place.hidden = false;
  place.classList.toggle("live-on", state === "live");
  place.textContent = LABELS[state];
}
