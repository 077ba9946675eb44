// The invoice page with its thread alive, against the fake server.

import { notifyManager, QueryClient } from "@tanstack/query-core";
import { Announcer } from "../../src/announcer.ts";
import type { Comment } from "../../src/comment.ts";
import { startThread } from "../../src/live_thread.ts";
import { PageClock } from "../../src/page_time.ts";
import { type FakeServer, INVOICE } from "./fake_server.ts";
import { FakeStorage } from "./fake_storage.ts";
import { find, fire, placeTop, showPage } from "./page.ts";

export class FakeEventSource extends EventTarget {
  static readonly CLOSED = 2;
  static readonly opened: FakeEventSource[] = [];
  readyState = 0;
  readonly url: string;

  constructor(url: string) {
    super();
    this.url = url;
    FakeEventSource.opened.push(this);
  }

  static get last(): FakeEventSource {
    const source = FakeEventSource.opened.at(-1);
    if (source === undefined) throw new Error("no stream was opened");
    return source;
  }

  close(): void {
    this.readyState = FakeEventSource.CLOSED;
  }

  open(): void {
    this.readyState = 1;
    this.dispatchEvent(new Event("open"));
    this.dispatchEvent(new Event("current"));
  }

  // For now: a stream that says so and ends, after which the browser connects again by itself.
  refuseForNow(): void {
    this.readyState = 1;
    this.dispatchEvent(new Event("open"));
    this.dispatchEvent(new Event("stale"));
    this.break();
  }

  // For good: the server answered with something else than a stream.
  refuse(): void {
    this.readyState = FakeEventSource.CLOSED;
    this.dispatchEvent(new Event("error"));
  }

  // The browser connects again by itself.
  break(): void {
    this.readyState = 0;
    this.dispatchEvent(new Event("error"));
  }

  tell(comment: Comment): void {
    const data = JSON.stringify({ comment, totalSize: comment.sequence });
    const properties = { data, lastEventId: `token-${comment.sequence}` };
    this.dispatchEvent(Object.assign(new Event("comment"), properties));
  }
}
Object.assign(globalThis, { EventSource: FakeEventSource });
notifyManager.setScheduler(queueMicrotask);
// Nothing comes again by itself: on a busy machine the pages of the tests before would poll in the
// middle of one that counts what is asked. Polls have their tests in a browser, with its clock.
Object.assign(globalThis, { setInterval: () => 0 });

export const storage = new FakeStorage();
Object.assign(window, { localStorage: storage });

export function forgetStorage(): void {
  storage.clear();
}

const FRAME = `
  <b data-comment-count></b>
  <section id="summary" data-count="0"></section>
  <section id="thread">
    <p id="live" hidden></p>
    <form id="comment-form">
      <input name="comment_id" value="first-id"><textarea name="body"></textarea>
      <p class="error"></p><button type="submit">Post comment</button>
    </form>
    <ol id="comments"></ol>
    <p id="announcer"></p>
  </section>`;

// The page as the server renders it now, or at a cursor; its list is filled by the leaf.
export function openPage(server: FakeServer, cursor = ""): QueryClient {
  showPage(FRAME);
  placeTop("comments", 100);
  const client = new QueryClient();
  client.mount();
  const page = {
    invoiceId: INVOICE,
    cursor,
    page: server.page(cursor),
    etag: server.etag,
    now: new Date(Date.now()).toISOString(),
    viewer: { orgId: "northlight", userId: "dana", displayName: "Dana", canComment: true },
  };
  startThread(find("#thread"), find("#comments"), page, {
    client,
    clock: new PageClock(page.now),
    announcer: new Announcer(find("#announcer")),
  });
  server.requests.length = 0;
  return client;
}

export function shown(): { id: string; sequence: number; isPending: boolean }[] {
  return Array.from(document.querySelectorAll("#comments > li"), (item) => ({
    id: item.id.replace("comment-", ""),
    sequence: Number(item.getAttribute("data-sequence") ?? 0),
    isPending: item.classList.contains("pending"),
  }));
}

export function counts(): string[] {
  return Array.from(document.querySelectorAll("[data-comment-count]"), (place) =>
    place.textContent.replace(/ comments?$/, "").replace("No", "0"),
  );
}

export function submit(body: string): void {
  find<HTMLTextAreaElement>("textarea").value = body;
  fire(find("#comment-form"), "submit");
}

// The comments that were not posted.
export function unsent(): string[] {
  return Array.from(document.querySelectorAll("#unsent .body"), (body) => body.textContent);
}

// Presses a button beside one of them.
export function press(label: string): void {
  const buttons = Array.from(document.querySelectorAll("#unsent button"));
  const button = buttons.find((each) => each.textContent === label);
  if (button === undefined) throw new Error(`there is no button ${label}`);
  fire(button, "click");
}
