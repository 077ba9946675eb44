// "3 new comments": shown when others' comments arrive out of sight, instead of moving what one
// reads.
import { element } from "./comment_node.ts";

export class NewCommentsPill {
  readonly #list: HTMLElement;
  readonly #activate: () => void;
  #button: HTMLButtonElement | undefined;
  #count = 0;

  constructor(list: HTMLElement, activate: () => void) {
    this.#list = list;
    this.#activate = activate;
  }

  add(comments: number): void {
    this.#count += comments;
    if (this.#count <= 0) return;
    const button = this.#button ?? this.#make();
    button.textContent = this.#count === 1 ? "1 new comment" : `${this.#count} new comments`;
  }

  clear(): void {
    this.#count = 0;
    this.#button?.remove();
    this.#button = undefined;
  }

  #make(): HTMLButtonElement {
    const button = element("button", "pill");
    button.id = "new-comments";
    button.addEventListener("click", this.#activate);
    this.#list.before(button);
    this.#button = button;
    return button;
  }
}
