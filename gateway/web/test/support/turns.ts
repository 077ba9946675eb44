// Lets what is under way go on until it waits for something outside.
const WAIT_MS_MAX = 10_000;

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

// By time, since a busy machine has many turns before another thread's answer is there.
export async function until(condition: () => boolean): Promise<void> {
  const end = performance.now() + WAIT_MS_MAX;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`it never came true: ${condition}`);
    await turn();
  }
}

const QUIET_TURNS = 10;

export async function quiet(): Promise<void> {
  for (let turns = 0; turns < QUIET_TURNS; turns += 1) await turn();
}
