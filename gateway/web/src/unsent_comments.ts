// The comments that were not posted, where those stand that are being sent: why, and what can be done
// about each.
import { element } from "./comment_node.ts";
import type { OutboxEntry } from "./outbox.ts";

export const UNCONFIRMED =
  "This comment was not confirmed before the page was left. Post it again: it cannot be posted twice.";

export interface UnsentActions {
  retry(entry: OutboxEntry): void;
  edit(entry: OutboxEntry): void;
  discard(entry: OutboxEntry): void;
}

export class UnsentComments {
  readonly #before: HTMLElement;
  readonly #isOldestFirst: boolean;
  readonly #actions: UnsentActions;
  readonly #why = new Map<string, string>();
  #list: HTMLOListElement | undefined;

  // They are shown in front of `before`, in the order of the thread.
  constructor(before: HTMLElement, isOldestFirst: boolean, actions: UnsentActions) {
    this.#before = before;
    this.#isOldestFirst = isOldestFirst;
    this.#actions = actions;
  }

  get count(): number {
    return this.#list?.children.length ?? 0;
  }

  // Says why it was not posted, where it is shown from the next `show` on.
  explain(id: string, why: string): void {
    this.#why.set(id, why);
  }

  // Shows exactly these, which come in the order in which they were written, without touching those that are there already.
  show(entries: readonly OutboxEntry[]): void {
    if (entries.length === 0 && this.#list === undefined) return;
    const list = this.#list ?? this.#make();
    const wanted = new Map(entries.map((entry) => [itemId(entry.id), entry]));
    for (const item of Array.from(list.children)) {
      if (!wanted.has(item.id)) item.remove();
    }
    for (const [id, entry] of wanted) {
      const why = this.#why.get(entry.id) ?? UNCONFIRMED;
      const item = Array.from(list.children).find((each) => each.id === id);
      if (item !== undefined) setText(item.querySelector(".error"), why);
      else list[this.#isOldestFirst ? "append" : "prepend"](this.#itemOf(entry, why));
    }
    if (entries.length > 0) return;
    list.remove();
    this.#list = undefined;
  }

  #make(): HTMLOListElement {
    const list = element("ol", "comments unsent");
    list.id = "unsent";
    list.setAttribute("aria-label", "Not posted");
    this.#before.before(list);
    this.#list = list;
    return list;
  }

  #itemOf(entry: OutboxEntry, why: string): HTMLLIElement {
    const body = element("p", "body", entry.body);
    body.dir = "auto";
    const buttons = element(
      "p",
      "actions",
      button("Post again", () => this.#actions.retry(entry)),
      button("Edit", () => this.#actions.edit(entry)),
      button("Discard", () => this.#actions.discard(entry)),
    );
    const item = element("li", "comment failed", body, element("p", "error", why), buttons);
    item.id = itemId(entry.id);
    return item;
  }
}

function button(label: string, act: () => void): HTMLButtonElement {
  const node = element("button", "action", label);
  node.type = "button";
  node.addEventListener("click", act);
  return node;
}

function itemId(id: string): string {
  return `unsent-${id}`;
}

function setText(place: Element | null, text: string): void {
  if (place !== null && place.textContent !== text) place.textContent = text;
}
