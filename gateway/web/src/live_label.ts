// Says beside the heading whether new comments appear by themselves.
import { element } from "./comment_node.ts";
import type { LiveState } from "./live_events.ts";

const LABELS: Record<LiveState, string> = {
  live: "Live",
  down: "Reconnecting… checking every 10 seconds",
  "signed-out": "Your session has ended. ",
  replaced: "Somebody else is signed in now. ",
};

// `leave` is called when one leaves for a page of whoever is signed in now.
export function showLiveState(
  place: HTMLElement | null,
  state: LiveState,
  leave: () => void,
): void {
  if (place === null) return;
  place.hidden = false;
  place.classList.toggle("live-on", state === "live");
  place.textContent = LABELS[state];
  if (state === "live" || state === "down") return;
  // The page is read anew, by whoever asks one to sign in.
  const again = element("a", "", state === "replaced" ? "Go on as who that is" : "Sign in again");
  again.href = location.href;
  if (state === "replaced") again.addEventListener("click", leave);
  place.append(again);
}
