// The form under which one writes. Posts through the cache instead of leaving the page; what was not
// posted is set aside above the thread, so that one can go on writing.
import type { Announcer } from "./announcer.ts";
import { element } from "./comment_node.ts";
import type { Draft } from "./draft.ts";
import type { OutboxEntry } from "./outbox.ts";
import { ID_REUSED, postErrorText } from "./post_error.ts";
import type { Posting } from "./posting.ts";
import { isOldestFirst, isWriting, moveBack, topOf } from "./reading_place.ts";
import { postingKeys } from "./shortcuts.ts";
import { UnsentComments } from "./unsent_comments.ts";
import { newUuid } from "./uuid.ts";

// As the server counts them: Unicode characters, whatever they take in UTF-16.
const CHARACTERS_MAX = 10_000;
const LEFT_SAID_FROM = 500;

export interface CommentFormParts {
  readonly posting: Posting;
  readonly draft: Draft;
  readonly announcer: Announcer;
  // The comments that were not posted stand between it and the form.
  readonly list: HTMLElement;
  // A comment was stored, so the server is there and knows who one is.
  readonly posted: () => void;
  readonly isResolved: () => boolean;
  // The userIds of those whom a text mentions.
  readonly mentionsIn: (text: string) => readonly string[];
}

export class CommentForm {
  readonly #form: HTMLFormElement;
  readonly #id: HTMLInputElement;
  readonly #text: HTMLTextAreaElement;
  readonly #error: HTMLElement;
  readonly #note = element("p", "form-note");
  readonly #parts: CommentFormParts;
  readonly #unsent: UnsentComments;
  readonly #label: HTMLElement | null;
  // Posts and opens the thread again; there only where it is resolved.
  readonly #reopening = element("button", "action reopening", "Post and reopen");
  // What was taken back to be changed: unchanged, it is the same comment still.
  #edited: OutboxEntry | undefined;

  // Throws when the form is not the one that the page is rendered with.
  constructor(form: HTMLFormElement, parts: CommentFormParts) {
    this.#form = form;
    this.#id = part(form, "input[name=comment_id]");
    this.#text = part(form, "textarea");
    this.#error = part(form, ".error");
    this.#parts = parts;
    this.#label = form.querySelector("label");
    const isOldest = isOldestFirst(parts.list);
    this.#unsent = new UnsentComments(isOldest ? form : parts.list, isOldest, {
      retry: (entry) => void this.#post(entry),
      edit: (entry) => this.#edit(entry),
      discard: (entry) => this.#discard(entry),
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit(event.submitter === this.#reopening);
    });
    this.#text.addEventListener("keydown", (event) => {
      // An input method takes the first Enter for what it composes.
      if (event.key !== "Enter" || event.isComposing) return;
      if (event.ctrlKey || event.metaKey) form.requestSubmit();
    });
    this.#text.addEventListener("input", () => this.#written());
    this.#text.addEventListener("focus", () => this.#showNote());
    if (this.#text.value === "") this.#text.value = parts.draft.text;
    this.#showNote();
    this.heard();
  }

  // To be called when the thread has changed: a comment in doubt may have turned out to be stored.
  heard(): void {
    const before = this.#unsent.count;
    this.#showUnsent();
    this.#showState();
    if (this.#unsent.count < before) this.#parts.announcer.say("The comment was posted after all");
  }

  focus(): void {
    this.#text.focus();
  }

  // Goes on with a text, behind what is written already.
  write(text: string): void {
    const since = this.#text.value;
    this.#setText(since === "" ? text : `${since.trimEnd()}\n\n${text}`);
    this.#text.focus();
    this.#text.setSelectionRange(this.#text.value.length, this.#text.value.length);
  }

  #written(): void {
    this.#text.removeAttribute("aria-invalid");
    this.#error.textContent = "";
    this.#parts.draft.keep(this.#text.value);
    this.#showNote();
  }

  // Nothing moves for it: it is said in a line that is there anyway.
  #showState(): void {
    const resolved = this.#parts.isResolved();
    if (resolved === this.#reopening.isConnected) return;
    if (resolved) this.#form.querySelector("button")?.before(this.#reopening);
    else this.#reopening.remove();
    if (this.#label === null) return;
    this.#label.textContent = resolved
      ? "Add a comment. The thread is resolved, and stays so."
      : "Add a comment";
  }

  #submit(reopens: boolean): void {
    const body = this.#text.value;
    const wrong = faultOf(body);
    if (wrong !== undefined) {
      this.#refuse(wrong);
      return;
    }
    const id = this.#edited?.body === body ? this.#edited.id : this.#id.value;
    this.#setText("");
    this.#id.value = newUuid();
    this.#edited = undefined;
    const mentions = this.#parts.mentionsIn(body);
    void this.#post({ id, body, mentions, ...(reopens && { reopens }) });
  }

  async #post(entry: OutboxEntry): Promise<void> {
    const { posting, announcer, posted } = this.#parts;
    const answer = posting.post(entry);
    this.#showUnsent();
    const error = await answer;
    if (error === undefined) {
      announcer.say("Your comment is posted");
      posted();
      return;
    }
    const why = postErrorText(error);
    if (error.isOfOtherViewer) {
      // It was not stored, so it is not in doubt: it may be said by somebody else.
      this.#edit(entry);
      this.#refuse(why);
      announcer.say(why);
      return;
    }
    const kept = error.reason === ID_REUSED ? this.#asAnother(entry) : entry;
    this.#unsent.explain(kept.id, why);
    this.#showUnsent();
    announcer.say(`Your comment was not posted. ${why}`);
  }

  // Its id belongs to another text: this one needs one of its own.
  #asAnother(entry: OutboxEntry): OutboxEntry {
    const another = { ...entry, id: newUuid() };
    this.#parts.posting.replace(entry.id, another);
    return another;
  }

  // What has been written since stays, below.
  #edit(entry: OutboxEntry): void {
    const since = this.#text.value;
    this.#edited = entry;
    this.#setText(since === "" ? entry.body : `${entry.body}\n\n${since}`);
    this.#drop(entry);
  }

  #discard(entry: OutboxEntry): void {
    this.#drop(entry);
    this.#parts.announcer.say("The comment is discarded");
  }

  #drop({ id }: OutboxEntry): void {
    this.#parts.posting.discard(id);
    this.#showUnsent();
    this.#text.focus();
  }

  #showUnsent(): void {
    const had = document.activeElement?.closest("#unsent");
    const place = isWriting() ? this.#form : undefined;
    const before = topOf(place);
    this.#unsent.show(this.#parts.posting.unsent());
    moveBack(topOf(place) - before);
    // Whoever was at one that is gone goes on where one writes.
    if (had && !had.contains(document.activeElement)) this.#text.focus({ preventScroll: true });
  }

  #setText(text: string): void {
    this.#text.value = text;
    this.#written();
  }

  #refuse(message: string): void {
    this.#error.textContent = message;
    this.#text.setAttribute("aria-invalid", "true");
    const focused = document.activeElement;
    if (focused === document.body || this.#form.contains(focused)) this.#text.focus();
  }

  // How many characters are left when it matters; else, to whoever writes, how to post. Until then the
  // form is what was rendered.
  #showNote(): void {
    const left = CHARACTERS_MAX - charactersOf(this.#text.value);
    const isNear = left <= LEFT_SAID_FROM;
    if (!isNear && document.activeElement !== this.#text) {
      this.#note.remove();
      return;
    }
    this.#note.classList.toggle("error", left < 0);
    this.#note.classList.toggle("keys", !isNear);
    const leftText = left < 0 ? `${plural(-left)} too many` : `${plural(left)} left`;
    this.#note.textContent = isNear ? leftText : `${postingKeys()} posts it`;
    if (!this.#note.isConnected) this.#error.after(this.#note);
  }
}

// What the server would refuse it for.
export function faultOf(body: string): string | undefined {
  if (body.trim() === "") return "The comment must not be blank.";
  if (charactersOf(body) > CHARACTERS_MAX) return "The comment must be at most 10,000 characters.";
  return undefined;
}

function charactersOf(text: string): number {
  let characters = 0;
  for (const _ of text) characters += 1;
  return characters;
}

function plural(characters: number): string {
  return `${characters.toLocaleString("en-US")} character${characters === 1 ? "" : "s"}`;
}

function part<T extends Element>(form: HTMLFormElement, selector: string): T {
  const found = form.querySelector<T>(selector);
  if (found === null) throw new Error(`the comment form has no ${selector}`);
  return found;
}
