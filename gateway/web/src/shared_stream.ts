// One stream for all of a browser's windows on a thread: over HTTP/1.1 a browser has six connections
// to a server for everything, and a stream keeps one. Web Locks say which window holds it, and a
// channel tells the others what it says. Threads there may be more of than connections: so many
// have a stream, the windows of the others are told that they have none, and poll.
const STREAMS_MAX = 3;

// What happens in a thread, by the names of the stream.
export const THREAD_EVENTS = [
  "comment",
  "comment_added",
  "comment_edited",
  "comment_removed",
  "comment_erased",
  "thread_resolved",
  "thread_reopened",
] as const;

// What a stream says of its own state.
const STATES = ["open", "error", "stale", "current"];

// What is told on from window to window.
const STREAM_EVENTS = [...STATES, "heartbeat", "checkpoint", ...THREAD_EVENTS];

interface Told {
  readonly name: string;
  readonly data?: string;
  readonly lastEventId?: string;
  // Only for those who have just asked.
  readonly isReply?: boolean;
}

const ASK = "ask";

// `key` names what the stream is of and who reads it; `address` is asked when it is opened.
export function openStream(key: string, address: () => string): EventSource | SharedStream {
  return canShare() ? new SharedStream(key, address) : new EventSource(address());
}

// There are no locks outside of secure contexts: then each window has a stream of its own.
function canShare(): boolean {
  return "locks" in navigator && typeof BroadcastChannel === "function";
}

// As an EventSource. Says "joined" as well when it begins to hear what another window's says: what
// happened until then is for the listener to find out.
export class SharedStream extends EventTarget {
  readonly #channel: BroadcastChannel;
  readonly #closing = new AbortController();
  #source: EventSource | undefined;
  // What the stream said last of its own state.
  #state = "error";
  #hasJoined = false;

  constructor(key: string, address: () => string) {
    super();
    this.#channel = new BroadcastChannel(key);
    this.#channel.onmessage = ({ data }: MessageEvent<Told>) => this.#heard(data);
    this.#channel.postMessage({ name: ASK } satisfies Told);
    void this.#waitToHold(key, address);
  }

  get readyState(): number {
    return this.#source?.readyState ?? EventSource.CONNECTING;
  }

  close(): void {
    this.#closing.abort();
    this.#source?.close();
    this.#channel.close();
  }

  async #waitToHold(key: string, address: () => string): Promise<void> {
    const { signal } = this.#closing;
    try {
      await navigator.locks.request(key, { signal }, async () => {
        if (!signal.aborted && !(await this.#takePlace(address))) this.#say({ name: "error" });
      });
    } catch {
      // Closed while another window held it.
    }
  }

  // Returns when the stream is closed; false: there was no place for one.
  async #takePlace(address: () => string): Promise<boolean> {
    for (let place = 0; place < STREAMS_MAX; place += 1) {
      const name = `marginalia:stream:${place}`;
      const held = await navigator.locks.request(name, { ifAvailable: true }, async (lock) => {
        if (lock === null) return false;
        await this.#hold(address);
        return true;
      });
      if (held) return true;
    }
    return false;
  }

  #hold(address: () => string): Promise<void> {
    const { signal } = this.#closing;
    if (signal.aborted) return Promise.resolve();
    const source = new EventSource(address());
    this.#source = source;
    for (const name of STREAM_EVENTS) {
      source.addEventListener(name, (event) => {
        const { data, lastEventId } = event as MessageEvent<string>;
        this.#say({ name, data, lastEventId });
      });
    }
    return new Promise((resolve) => {
      signal.addEventListener("abort", () => resolve());
    });
  }

  #say(told: Told): void {
    if (this.#closing.signal.aborted) return;
    if (STATES.includes(told.name)) this.#state = told.name;
    this.#channel.postMessage(told);
    this.#tell(told);
  }

  #heard(told: Told): void {
    // One window holds it at a time: what others say while it does was meant for nobody.
    if (this.#source !== undefined) {
      if (told.name === ASK) this.#channel.postMessage({ name: this.#state, isReply: true });
      return;
    }
    if (told.name === ASK || (told.isReply && this.#hasJoined)) return;
    const joins = told.name === "open" || told.isReply;
    // What is told before one joins is read then.
    if (!joins && !this.#hasJoined && told.name !== "error") return;
    this.#tell(told);
    if (!joins) return;
    this.#hasJoined = true;
    this.#tell({ name: "joined" });
  }

  #tell({ name, data, lastEventId }: Told): void {
    this.dispatchEvent(
      new MessageEvent(name, { data: data ?? "", lastEventId: lastEventId ?? "" }),
    );
  }
}
