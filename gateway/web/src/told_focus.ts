// Stands in for how the client cache finds out whether somebody looks (build.mjs): attention.ts tells
// it, and is asked for nothing else.
const listeners = new Set<(focused: boolean) => void>();
let focused = true;

export const focusManager = {
  subscribe(listener: (focused: boolean) => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  isFocused: () => focused,
  setFocused(now: boolean): void {
    if (now === focused) return;
    focused = now;
    for (const listener of listeners) listener(now);
  },
};
