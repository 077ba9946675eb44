// News for those who listen to the page: what arrives in one go is told in one sentence.
import type { Announcer } from "./announcer.ts";

const GATHER_MS = 1_000;

export class News {
  readonly #announcer: Announcer;
  #comments = 0;
  #author = "";
  #telling: ReturnType<typeof setTimeout> | undefined;

  constructor(announcer: Announcer) {
    this.#announcer = announcer;
  }

  // `author` is that of the newest of them.
  add(comments: number, author: string): void {
    this.#comments += comments;
    this.#author = author;
    this.#telling ??= setTimeout(() => this.#tell(), GATHER_MS);
  }

  #tell(): void {
    const comments = this.#comments;
    this.#comments = 0;
    this.#telling = undefined;
    this.#announcer.say(
      comments === 1 ? `New comment from ${this.#author}` : `${comments} new comments`,
    );
  }
}
