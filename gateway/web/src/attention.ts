// Whether somebody looks at the page: the tab is visible and focused. Polls wait for it.
import { focusManager } from "@tanstack/query-core";

export function isLookedAt(): boolean {
  return document.visibilityState === "visible" && document.hasFocus();
}

export function followAttention(): void {
  const follow = () => focusManager.setFocused(isLookedAt());
  window.addEventListener("focus", follow);
  window.addEventListener("blur", follow);
  document.addEventListener("visibilitychange", follow);
  follow();
}
