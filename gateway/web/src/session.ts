// The session that the page was made in. All tabs of a browser share one: it may end, or be somebody
// else's by now, without this page having done anything.
import type { ApiError } from "./api_error.ts";

// "replaced": somebody else has signed in.
export type SessionEnd = "signed-out" | "replaced";

const listeners = new Set<(end: SessionEnd) => void>();

// For whom the page was made, as the server wrote it. What is sent says so, and is refused when it
// would be done under another name.
export function viewerName(): string {
  return document.body.dataset.viewer ?? "";
}

export function viewerUserId(): string {
  return decodeURIComponent(viewerName().replace(/@.*/, ""));
}

// A gateway ends the streams of a session that is signed out of at itself. Another one does not hear of
// it: so the browser's windows tell each other.
export function followSession(): void {
  if (typeof BroadcastChannel !== "function") return;
  const windows = new BroadcastChannel("marginalia:session");
  windows.onmessage = () => tell("signed-out");
  const form = document.querySelector('form[action="/sign-out"]');
  form?.addEventListener("submit", () => windows.postMessage(""));
}

export function whenSessionEnds(listener: (end: SessionEnd) => void): void {
  listeners.add(listener);
}

// What an error says of the session.
export function endOf(error: ApiError): SessionEnd | undefined {
  if (error.isSignedOut) return "signed-out";
  return error.isOfOtherViewer ? "replaced" : undefined;
}

// To be called with every error: whichever request finds out tells all.
export function noteSessionEnd(error: ApiError): void {
  const end = endOf(error);
  if (end !== undefined) tell(end);
}

function tell(end: SessionEnd): void {
  for (const listener of listeners) listener(end);
}
