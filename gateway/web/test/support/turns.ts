// Lets what is under way go on until it waits for something outside.
const TURNS_MAX = 1_000;

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

export async function until(condition: () => boolean): Promise<void> {
  for (let turns = 0; !condition(); turns += 1) {
    if (turns === TURNS_MAX) throw new Error(`it never came true: ${condition}`);
    await turn();
  }
}

const QUIET_TURNS = 10;

export async function quiet(): Promise<void> {
  for (let turns = 0; turns < QUIET_TURNS; turns += 1) await turn();
}
