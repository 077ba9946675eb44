// Whom a comment mentions: "@" and the beginning of a name offer those who have written.
import type { Announcer } from "./announcer.ts";
import type { Author } from "./comment.ts";
import { findPeople } from "./comments_api.ts";
import type { Store } from "./store.ts";
import { MENTION, shownName } from "./text.ts";

const KEPT_MAX = 50;

// The userIds of those of the people whom the text names by "@" and their names, whole.
export function mentionsIn(text: string, people: readonly Author[]): readonly string[] {
  // A longer name may begin with a shorter one. Of two of one name, the first is meant.
  const longestFirst = [...people].sort((a, b) => shownName(b).length - shownName(a).length);
  const named = text
    .split(MENTION)
    .slice(1)
    .map((rest) =>
      longestFirst.find((person) => {
        const name = shownName(person);
        return rest.startsWith(name) && !/^[\p{L}\p{M}\p{N}]/u.test(rest.slice(name.length));
      }),
    );
  return [...new Set(named.flatMap((person) => person?.userId ?? []))];
}

export interface PeopleParts {
  readonly announcer: Announcer;
  readonly store: Store;
  // Under which those are kept who were chosen.
  readonly key: string;
  // Those who have written what is on the page.
  readonly authors: () => readonly Author[];
}

export class People {
  readonly #parts: PeopleParts;

  constructor(parts: PeopleParts) {
    this.#parts = parts;
  }

  // The userIds of those whom a text mentions. `before` are those whom it did: who is known here by no
  // name goes on being one of them.
  mentionsIn(text: string, before: readonly string[] = []): readonly string[] {
    const people = [...this.#chosen(), ...this.#parts.authors()];
    const known = new Set(people.map(({ userId }) => userId));
    return [...before.filter((id) => !known.has(id)), ...mentionsIn(text, people)];
  }

  // Offers people where one begins to name somebody.
  offerIn(text: HTMLTextAreaElement): void {
    let isLoading = false;
    const begin = async () => {
      if (isLoading || !text.value.includes("@")) return;
      isLoading = true;
      try {
        const { offerPeople } = await import("./people_list.ts");
        text.removeEventListener("input", begin);
        offerPeople(text, {
          find: findPeople,
          chosen: (person) => this.#keep(person),
          announcer: this.#parts.announcer,
        });
      } catch {
        // One writes the name oneself.
      }
      isLoading = false;
    };
    text.addEventListener("input", begin);
  }

  // The latest first: kept, because a text may be posted after a reload.
  #chosen(): readonly Author[] {
    return JSON.parse(this.#parts.store.get(this.#parts.key) ?? "[]");
  }

  #keep(person: Author): void {
    const kept = [person, ...this.#chosen()].slice(0, KEPT_MAX);
    this.#parts.store.set(this.#parts.key, JSON.stringify(kept));
  }
}
