// Whom a comment mentions: "@" and the beginning of a name offer those who have written, in a list
// under the text that is chosen from without leaving it.
import type { Announcer } from "./announcer.ts";
import type { Author } from "./comment.ts";
import { element } from "./comment_node.ts";
import { findPeople } from "./comments_api.ts";
import type { Store } from "./store.ts";
import { shownName } from "./text.ts";

const TYPING_MS = 150;
const KEPT_MAX = 50;
// A name of one word or two, up to where one writes.
const BEGUN = /(?:^|[\s(])@(\S{0,30}(?: \S{1,30})?)$/;

// The userIds of those of the people whom the text names by "@" and their names.
export function mentionsIn(text: string, people: readonly Author[]): readonly string[] {
  const found = new Set<string>();
  let rest = text;
  // A longer name may begin with a shorter one. Of two of one name, the first is meant.
  for (const person of [...people].sort((a, b) => shownName(b).length - shownName(a).length)) {
    const parts = rest.split(`@${shownName(person)}`);
    if (parts.length > 1) found.add(person.userId);
    rest = parts.join();
  }
  return [...found];
}

// Who was chosen before, the latest first: kept, because a text may be posted after a reload.
export function chosenPeople(store: Store, key: string): readonly Author[] {
  return JSON.parse(store.get(key) ?? "[]");
}

export function offerPeople(
  text: HTMLTextAreaElement,
  announcer: Announcer,
  store: Store,
  key: string,
): void {
  const list = element("ul", "mention-list");
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "People");
  let people: readonly Author[] = [];
  let at = 0;
  let typing: ReturnType<typeof setTimeout> | undefined;

  const begun = () => BEGUN.exec(text.value.slice(0, text.selectionStart))?.[1];
  const close = () => {
    clearTimeout(typing);
    list.remove();
    text.removeAttribute("aria-activedescendant");
  };
  const choose = (person: Author) => {
    const end = text.selectionStart;
    text.setRangeText(`${shownName(person)} `, end - (begun()?.length ?? 0), end, "end");
    const kept = [person, ...chosenPeople(store, key)].slice(0, KEPT_MAX);
    store.set(key, JSON.stringify(kept));
    // As if it had been typed: it is kept as a draft.
    text.dispatchEvent(new Event("input"));
    close();
  };
  const point = (to: number) => {
    at = (to + people.length) % people.length;
    Array.from(list.children, (option, index) =>
      option.setAttribute("aria-selected", String(index === at)),
    );
    text.setAttribute("aria-activedescendant", `person-${at}`);
  };
  const offer = (found: readonly Author[]) => {
    people = found;
    const [first] = people;
    if (first === undefined) return;
    list.replaceChildren(
      ...people.map((person, index) => {
        const option = element("li", "", element("bdi", "", shownName(person)));
        option.id = `person-${index}`;
        option.setAttribute("role", "option");
        // The focus stays in the text.
        option.onmousedown = (event) => {
          event.preventDefault();
          choose(person);
        };
        return option;
      }),
    );
    text.after(list);
    point(0);
    announcer.say(`${people.map(shownName).join(", ")}: arrow keys and Enter choose`);
  };

  text.addEventListener("blur", close);
  text.addEventListener("input", () => {
    close();
    const name = begun();
    if (name === undefined) return;
    text.setAttribute("aria-autocomplete", "list");
    typing = setTimeout(async () => {
      const found = await findPeople(name).catch(() => undefined);
      // One may have written on.
      if (found !== undefined && begun() === name) offer(found.people);
    }, TYPING_MS);
  });
  text.addEventListener("keydown", (event) => {
    const { key, isComposing, ctrlKey, metaKey } = event;
    const person = people[at];
    if (!list.isConnected || isComposing || ctrlKey || metaKey || person === undefined) return;
    if (key === "ArrowDown") point(at + 1);
    else if (key === "ArrowUp") point(at - 1);
    else if (key === "Escape") close();
    else if (key === "Enter" || key === "Tab") choose(person);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
}
