// The form in a comment's place under which one edits it or takes it away.
import { element } from "./comment_node.ts";
import { postingKeys } from "./shortcuts.ts";

export interface ChangeFormActions {
  written(text: string): void;
  submit(text: string): void;
  cancel(): void;
  // Takes the text to where one writes a new comment.
  moveOn(text: string): void;
}

const REASON_CHARACTERS_MAX = 500;

export class ChangeForm {
  readonly element = element("form", "change-form");
  readonly text: HTMLTextAreaElement | HTMLInputElement;
  readonly #error = element("p", "error");
  readonly #buttons = element("p", "actions");
  readonly #actions: ChangeFormActions;
  readonly #kind: "edit" | "remove";

  constructor(kind: "edit" | "remove", text: string, actions: ChangeFormActions) {
    this.#kind = kind;
    this.#actions = actions;
    this.text = kind === "edit" ? element("textarea", "") : element("input", "");
    this.text.value = text;
    if (this.text instanceof HTMLInputElement) this.text.maxLength = REASON_CHARACTERS_MAX;
    const label = element("label", "", kind === "edit" ? "Edit the comment" : "Why? (optional)");
    label.append(this.text);
    this.#error.setAttribute("role", "alert");
    this.element.append(label, this.#error, this.#buttons);
    this.offer();
    this.#listen();
  }

  #listen(): void {
    this.element.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#actions.submit(this.text.value);
    });
    this.text.addEventListener("input", () => {
      this.say("");
      this.#actions.written(this.text.value);
    });
    this.text.addEventListener("keydown", (event) => {
      const { key, ctrlKey, metaKey, isComposing } = event as KeyboardEvent;
      if (isComposing) return;
      if (key === "Enter" && (ctrlKey || metaKey)) this.element.requestSubmit();
      // An empty one holds nothing that could be lost.
      if (key === "Escape" && this.text.value === this.text.defaultValue) this.#actions.cancel();
    });
    this.text.defaultValue = this.text.value;
  }

  focus(): void {
    this.text.focus();
  }

  say(error: string): void {
    if (this.#error.textContent !== error) this.#error.textContent = error;
  }

  // What can be done; once the comment is gone, only to go on elsewhere.
  offer(isGone = false): void {
    const submit = element("button", "action strong");
    submit.textContent = this.#kind === "edit" ? "Save" : "Remove it";
    submit.title = postingKeys();
    const moveOn = this.#button("Write it as a new comment", () =>
      this.#actions.moveOn(this.text.value),
    );
    const cancel = this.#button(isGone ? "Discard" : "Cancel", () => this.#actions.cancel());
    this.#buttons.replaceChildren(isGone ? moveOn : submit, cancel);
  }

  #button(label: string, act: () => void): HTMLButtonElement {
    const button = element("button", "action", label);
    button.type = "button";
    button.addEventListener("click", act);
    return button;
  }
}
