// Stands in for what the client cache sets its timers with (build.mjs): the browser's own are meant.
export const timeoutManager = globalThis;
export const defaultTimeoutProvider = globalThis;

export function systemSetTimeoutZero(callback: () => void): void {
  setTimeout(callback, 0);
}
