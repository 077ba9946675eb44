// The form under which one writes. Posts through the cache instead of leaving the page.
import type { Announcer } from "./announcer.ts";
import type { Outbox, OutboxEntry } from "./outbox.ts";
import { ID_REUSED, postErrorText } from "./post_error.ts";
import type { Posting } from "./posting.ts";
import { newUuid } from "./uuid.ts";

const UNCONFIRMED =
  "This comment was not confirmed before the page was left. Press “Post comment” to send it: it cannot be posted twice.";

export class CommentForm {
  readonly #form: HTMLFormElement;
  readonly #id: HTMLInputElement;
  readonly #text: HTMLTextAreaElement;
  readonly #button: HTMLButtonElement;
  readonly #error: HTMLElement;
  readonly #posting: Posting;
  readonly #outbox: Outbox;
  readonly #announcer: Announcer;
  #note: HTMLElement | undefined;
  #isSending = false;

  // Throws when the form is not the one that the page is rendered with.
  constructor(
    form: HTMLFormElement,
    parts: { posting: Posting; outbox: Outbox; announcer: Announcer },
  ) {
    this.#form = form;
    this.#id = part(form, "input[name=comment_id]");
    this.#text = part(form, "textarea");
    this.#button = part(form, "button");
    this.#error = part(form, ".error");
    this.#posting = parts.posting;
    this.#outbox = parts.outbox;
    this.#announcer = parts.announcer;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#submit();
    });
    this.#text.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
    });
    this.#text.addEventListener("input", () => this.#text.removeAttribute("aria-invalid"));
    this.#restore();
  }

  // To be called when the thread has changed: a comment in doubt may have turned out to be stored.
  heard(): void {
    const stored = this.#isSending ? undefined : this.#posting.takeStored();
    if (stored === undefined || this.#text.value !== stored.body) return;
    this.#begin();
    this.#announcer.say("The comment was posted after all");
  }

  // What was sent before a reload and not confirmed is back in the form, under the same id.
  #restore(): void {
    const { entry } = this.#outbox;
    if (entry === undefined || this.#posting.takeStored() !== undefined) return;
    if (this.#text.value !== "" && this.#text.value !== entry.body) return;
    this.#text.value = entry.body;
    this.#id.value = entry.id;
    this.#showNote(UNCONFIRMED);
  }

  async #submit(): Promise<void> {
    const body = this.#text.value;
    if (this.#isSending) return;
    if (body.trim() === "") {
      this.#fail("The comment must not be blank.");
      this.#text.setAttribute("aria-invalid", "true");
      return;
    }
    const entry = { id: this.#idOf(body), body };
    this.#begin();
    this.#setSending(true);
    const error = await this.#posting.post(entry);
    this.#setSending(false);
    if (error === undefined) {
      this.#announcer.say("Your comment is posted");
      return;
    }
    if (error.reason === ID_REUSED) this.#outbox.forget(entry.id);
    this.#giveBack(entry);
    this.#fail(postErrorText(error));
    if (error.fieldMessage !== undefined) this.#text.setAttribute("aria-invalid", "true");
  }

  // The same text is the same comment, under the same id; another text is another one.
  #idOf(body: string): string {
    const { entry } = this.#outbox;
    if (entry?.body === body) return entry.id;
    return this.#id.value === entry?.id ? newUuid() : this.#id.value;
  }

  // An empty form for the next comment.
  #begin(): void {
    this.#text.value = "";
    this.#id.value = newUuid();
    this.#error.textContent = "";
    this.#text.removeAttribute("aria-invalid");
    this.#showNote("");
  }

  // What has been written since stays, below.
  #giveBack({ id, body }: OutboxEntry): void {
    const since = this.#text.value;
    this.#text.value = since === "" ? body : `${body}\n\n${since}`;
    if (since === "" && this.#outbox.entry?.id === id) this.#id.value = id;
  }

  #fail(message: string): void {
    this.#error.textContent = message;
    const focused = document.activeElement;
    if (focused === document.body || this.#form.contains(focused)) this.#text.focus();
  }

  // A disabled button would lose the focus.
  #setSending(isSending: boolean): void {
    this.#isSending = isSending;
    this.#button.setAttribute("aria-disabled", String(isSending));
  }

  #showNote(text: string): void {
    this.#note?.remove();
    this.#note = undefined;
    if (text === "") return;
    this.#note = document.createElement("p");
    this.#note.className = "form-note";
    this.#note.textContent = text;
    this.#error.after(this.#note);
  }
}

function part<T extends Element>(form: HTMLFormElement, selector: string): T {
  const found = form.querySelector<T>(selector);
  if (found === null) throw new Error(`the comment form has no ${selector}`);
  return found;
}
