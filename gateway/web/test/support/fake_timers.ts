// Timers and a clock that go on only when told to. One at a time.
interface Timer {
  due: number;
  readonly every: number | undefined;
  readonly call: () => void;
}

export class FakeTimers {
  readonly #real = {
    setTimeout: globalThis.setTimeout,
    clearTimeout: globalThis.clearTimeout,
    setInterval: globalThis.setInterval,
    clearInterval: globalThis.clearInterval,
    dateNow: Date.now,
  };
  readonly #timers = new Map<number, Timer>();
  #now: number;
  #last = 0;

  constructor(now = Date.parse("2026-11-24T13:00:00Z")) {
    this.#now = now;
    const add = (call: () => void, delay: number | undefined, repeats: boolean) => {
      const wait = delay ?? 0;
      this.#last += 1;
      const every = repeats ? wait : undefined;
      this.#timers.set(this.#last, { due: this.#now + wait, every, call });
      return this.#last;
    };
    const remove = (id: number) => this.#timers.delete(id);
    Object.assign(globalThis, {
      setTimeout: (call: () => void, delay?: number) => add(call, delay, false),
      setInterval: (call: () => void, delay?: number) => add(call, delay, true),
      clearTimeout: remove,
      clearInterval: remove,
    });
    Date.now = () => this.#now;
  }

  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const [next] = [...this.#timers].sort(([, a], [, b]) => a.due - b.due);
      if (next === undefined || next[1].due > end) break;
      const [id, timer] = next;
      this.#now = timer.due;
      if (timer.every === undefined) this.#timers.delete(id);
      else timer.due += timer.every;
      timer.call();
    }
    this.#now = end;
  }

  restore(): void {
    const { dateNow, ...timers } = this.#real;
    Object.assign(globalThis, timers);
    Date.now = dateNow;
  }
}
