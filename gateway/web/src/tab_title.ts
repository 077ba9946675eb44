// The tab says how many comments nobody has looked at yet: "(3) INV-1042 · Marginalia".
export class TabTitle {
  readonly #plain = document.title;
  #unseen = 0;

  add(comments: number): void {
    if (comments === 0) return;
    this.#unseen += comments;
    document.title = `(${this.#unseen}) ${this.#plain}`;
  }

  clear(): void {
    if (this.#unseen === 0) return;
    this.#unseen = 0;
    document.title = this.#plain;
  }
}
