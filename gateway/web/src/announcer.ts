// Tells those who listen to the page instead of looking at it what happened on it.
export class Announcer {
  readonly #place: HTMLElement | null;

  constructor(place: HTMLElement | null) {
    this.#place = place;
  }

  say(text: string): void {
    if (this.#place === null) return;
    // The same text again is news again only if it is another node.
    this.#place.replaceChildren(document.createTextNode(text));
  }
}
