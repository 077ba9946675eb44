// Says beside the heading whether new comments appear by themselves.
import type { LiveState } from "./live_events.ts";

const LABELS: Record<LiveState, string> = {
  live: "Live",
  down: "Reconnecting… checking every 10 seconds",
  "signed-out": "Your session has ended. ",
};

export function showLiveState(place: HTMLElement | null, state: LiveState): void {
  if (place === null) return;
  place.hidden = false;
  place.classList.toggle("live-on", state === "live");
  place.textContent = LABELS[state];
  if (state !== "signed-out") return;
  // The page is read anew, by whoever asks one to sign in.
  const again = document.createElement("a");
  again.href = location.href;
  again.textContent = "Sign in again";
  place.append(again);
}
