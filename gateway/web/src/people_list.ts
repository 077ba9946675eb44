// The list of people under a text, from which one chooses without leaving it. A file of its own, loaded
// by the first "@": what the page knows already is handed to it.
import type { Announcer } from "./announcer.ts";
import type { Author } from "./comment.ts";
import { MENTION, shownName } from "./text.ts";

const TYPING_MS = 150;
// A name of one word or two, up to where one writes.
const BEGUN = new RegExp(`${MENTION.source}(\\S{0,30}(?: \\S{1,30})?)$`);

export interface PeopleListParts {
  readonly find: (name: string) => Promise<{ readonly people: readonly Author[] }>;
  readonly chosen: (person: Author) => void;
  readonly announcer: Announcer;
}

export function offerPeople(text: HTMLTextAreaElement, parts: PeopleListParts): void {
  const list = document.createElement("ul");
  list.className = "mention-list";
  list.id = "people";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "People");
  let people: readonly Author[] = [];
  let at = 0;
  // The beginning of a name that they are offered for.
  let offeredFor: string | undefined;
  let typing: ReturnType<typeof setTimeout> | undefined;

  const begun = () => BEGUN.exec(text.value.slice(0, text.selectionStart))?.[1];
  const close = () => {
    clearTimeout(typing);
    list.remove();
    text.removeAttribute("aria-activedescendant");
    text.removeAttribute("aria-controls");
  };
  const choose = (person: Author) => {
    const end = text.selectionStart;
    text.setRangeText(`${shownName(person)} `, end - (begun()?.length ?? 0), end, "end");
    parts.chosen(person);
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
    // Below the text it may be out of sight: on a phone, or where one writes at the end of the page.
    list.children[at]?.scrollIntoView({ block: "nearest" });
  };
  const offer = (found: readonly Author[], name: string) => {
    people = found;
    offeredFor = name;
    const [first] = people;
    if (first === undefined) return;
    list.replaceChildren(
      ...people.map((person, index) => {
        const option = document.createElement("li");
        const name = document.createElement("bdi");
        name.textContent = shownName(person);
        option.append(name);
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
    // A label holds what it names alone.
    (text.closest("label") ?? text).after(list);
    // What is pointed to is in what the text controls, else nobody who listens is told of it.
    text.setAttribute("aria-controls", list.id);
    point(0);
    parts.announcer.say(`${people.map(shownName).join(", ")}: arrow keys and Enter choose`);
  };

  const written = () => {
    close();
    const name = begun();
    if (name === undefined) return;
    text.setAttribute("aria-autocomplete", "list");
    typing = setTimeout(async () => {
      const found = await parts.find(name).catch(() => undefined);
      // One may have written on, or gone.
      const isWanted = begun() === name && document.activeElement === text;
      if (found !== undefined && isWanted) offer(found.people, name);
    }, TYPING_MS);
  };
  // One may have gone to another place in the text: a name would be written there.
  const moved = () => {
    if (list.isConnected && begun() !== offeredFor) close();
  };
  const pressed = (event: KeyboardEvent) => {
    const { key, isComposing, ctrlKey, metaKey, shiftKey } = event;
    moved();
    const person = people[at];
    if (!list.isConnected || isComposing || person === undefined) return;
    if (ctrlKey || metaKey || shiftKey) return;
    if (key === "ArrowDown") point(at + 1);
    else if (key === "ArrowUp") point(at - 1);
    else if (key === "Escape") close();
    else if (key === "Enter" || key === "Tab") choose(person);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  text.addEventListener("blur", close);
  text.addEventListener("click", moved);
  text.addEventListener("keyup", moved);
  text.addEventListener("input", written);
  // Before whoever else listens: the keys that choose from the list are no others while it is there.
  text.addEventListener("keydown", pressed, { capture: true });
  written();
}
