// Waiting for a condition, with a limit. The only place that pauses.
import { setTimeout as pause } from "node:timers/promises";

const pauseMs = 20;
// Of which a poll, where nothing else tells of it, takes ten.
export const waitMsMax = 30_000;

// Calls `probe` until it gives something true, and returns that.
export async function until(what, probe, msMax = waitMsMax) {
  const deadline = performance.now() + msMax;
  for (;;) {
    const found = await probe();
    if (found) return found;
    if (performance.now() > deadline) throw new Error(`not within ${msMax} ms: ${what}`);
    await pause(pauseMs);
  }
}
