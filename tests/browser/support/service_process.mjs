// One process under test. It dies with the test, however the test ends.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { until } from "./await.mjs";
import { binary } from "./places.mjs";

const startMsMax = 30_000;
const logLinesMax = 2_000;
// The processes would take what is meant for the tests for a flag of theirs.
const env = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !name.startsWith("MARGINALIA_")),
);

export class ServiceProcess {
  #child;
  #ended;
  #log = [];

  constructor(name) {
    this.name = name;
    // 127.0.0.1:port, once it has started.
    this.address = "";
  }

  // Starts it and waits until it listens: on `address`, or on a port of its choice.
  async start(flags, address = "127.0.0.1:0") {
    const child = spawn(
      "setpriv",
      [
        "--pdeathsig",
        "KILL",
        binary(this.name),
        `--listen_address=${address}`,
        "--metrics_address=127.0.0.1:0",
        ...flags,
      ],
      { stdio: ["ignore", "ignore", "pipe"], env },
    );
    this.#child = child;
    this.#ended = once(child, "close");
    this.address = "";
    createInterface({ input: child.stderr }).on("line", (line) => this.#read(line));
    await until(
      `${this.name} listens`,
      () => {
        if (child.exitCode !== null)
          throw new Error(`${this.name} ended:\n${this.#log.join("\n")}`);
        return this.address;
      },
      startMsMax,
    );
  }

  #read(line) {
    this.#log.push(line);
    if (this.#log.length > logLinesMax) this.#log.shift();
    if (!line.includes('"message":"listening"')) return;
    this.address = JSON.parse(line).address;
  }

  async end(signal = "SIGKILL") {
    if (!this.#child) return;
    this.#child.kill(signal);
    await this.#ended;
    this.#child = undefined;
  }
}
