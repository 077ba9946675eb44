import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { QueryClient } from "@tanstack/query-core";
import { ACTIVITY_FRESH_MS, ACTIVITY_POLL_MS, Activity } from "../src/activity.ts";
import { activityNode } from "../src/activity_node.ts";
import { Announcer } from "../src/announcer.ts";
import { activityKeys } from "../src/comment_keys.ts";
import { PageClock } from "../src/page_time.ts";
import { FakeServer, problem } from "./support/fake_server.ts";
import { FakeTimers } from "./support/fake_timers.ts";
import { find, fire, showPage } from "./support/page.ts";
import { quiet, until } from "./support/turns.ts";

let server: FakeServer;
let client: QueryClient;
let timers: FakeTimers;

const items = () => document.querySelectorAll(".activity-item").length;
const press = (selector: string) => fire(find(selector), "click");

beforeEach(() => {
  timers = new FakeTimers();
  server = new FakeServer(3);
  client = new QueryClient();
  showPage(`<a id="activity-toggle" href="?activity=open" aria-expanded="false">Recent activity</a>
    <aside id="activity" hidden><a id="activity-close" href="?">Close</a><ol class="activity-list"></ol></aside>`);
  const [aside, toggle, close] = [
    find("#activity"),
    find("#activity-toggle"),
    find("#activity-close"),
  ];
  const clock = new PageClock(undefined);
  new Activity({ aside, toggle, close }, client, clock, new Announcer(null));
});

afterEach(() => {
  client.clear();
  server.close();
  timers.restore();
});

test("it opens in place, and focus goes in and comes back", async () => {
  press("#activity-toggle");
  await until(() => items() === 3);
  assert.equal(find("#activity").hidden, false);
  assert.equal(find("#activity-toggle").getAttribute("aria-expanded"), "true");
  assert.equal(document.activeElement?.id, "activity-close");
  fire(document, "keydown", { key: "Escape" });
  assert.equal(find("#activity").hidden, true);
  assert.equal(find("#activity-toggle").getAttribute("aria-expanded"), "false");
  assert.equal(document.activeElement?.id, "activity-toggle");
});

test("opened again soon, it shows at once what it showed and asks for nothing", async () => {
  press("#activity-toggle");
  await until(() => items() === 3);
  press("#activity-close");
  timers.advance(ACTIVITY_FRESH_MS - 1);
  find(".activity-list").replaceChildren();
  press("#activity-toggle");
  assert.equal(items(), 3);
  await quiet();
  assert.equal(server.requests.length, 1);
});

test("opened again later, it shows at once what it showed and what is new after that", async () => {
  press("#activity-toggle");
  await until(() => items() === 3);
  press("#activity-close");
  timers.advance(ACTIVITY_FRESH_MS + 1);
  server.add(server.comments[0] ?? server.page().comments[0] ?? assert.fail());
  press("#activity-toggle");
  assert.equal(items(), 3);
  await until(() => items() === 4);
  assert.equal(server.requests.length, 2);
});

test("what happens while it is open is read, and nothing while it is closed", async () => {
  press("#activity-toggle");
  await until(() => items() === 3);
  void client.invalidateQueries({ queryKey: activityKeys.all });
  await until(() => server.requests.length === 2);
  press("#activity-close");
  await client.invalidateQueries({ queryKey: activityKeys.all });
  assert.equal(server.requests.length, 2);
});

test("while it is open it follows what is said elsewhere, and the link in focus keeps it", async () => {
  press("#activity-toggle");
  await until(() => items() === 3);
  const link = find(".activity-item a");
  link.focus();
  server.add(server.comments[0] ?? server.page().comments[0] ?? assert.fail());
  timers.advance(ACTIVITY_POLL_MS);
  await until(() => items() === 4);
  assert.equal(document.activeElement?.getAttribute("href"), link.getAttribute("href"));
  assert.equal(link.isConnected, false);
  press("#activity-close");
  timers.advance(ACTIVITY_POLL_MS);
  await quiet();
  assert.equal(server.requests.length, 2);
});

test("an item names its invoice and leads to the comment, also while nobody tells the number", () => {
  const [comment] = server.page().comments;
  const of = (number?: string) => {
    const { invoiceId } = comment ?? assert.fail();
    const invoice = number === undefined ? undefined : { invoiceId, number, customerName: "A & B" };
    return activityNode(comment ?? assert.fail(), invoice, true, new PageClock(undefined));
  };
  const href = (node: Element) => node.querySelector("a")?.getAttribute("href");
  assert.equal(of("INV-7").querySelector(".activity-invoice")?.textContent, "INV-7 · A & B");
  assert.equal(href(of("INV-7")), `/invoices/INV-7?comment=${comment?.commentId}`);
  for (const node of [of(undefined), of("..")]) {
    assert.equal(href(node), `/invoices/${comment?.invoiceId}?comment=${comment?.commentId}`);
  }
  assert.equal(of(undefined).querySelector(".activity-invoice"), null);
});

test("what was said last comes first, also when something older was imported after it", async () => {
  const last = server.page().comments[0] ?? assert.fail();
  server.add({ ...last, commentId: "imported", createTime: "2020-01-01T00:00:00Z" });
  press("#activity-toggle");
  await until(() => items() === 4);
  const links = Array.from(document.querySelectorAll(".activity-item a"));
  assert.match(links[0]?.getAttribute("href") ?? "", new RegExp(`=${last.commentId}$`));
  assert.match(links[3]?.getAttribute("href") ?? "", /=imported$/);
});

test("when it cannot be read, that is said", async () => {
  server.intercept = () => problem(404);
  press("#activity-toggle");
  await until(() => server.requests.length === 1);
  await quiet();
  timers.advance(1_000);
  await until(() => document.querySelector("#activity > p") !== null);
  assert.match(find("#activity > p").textContent, /could not be read/);
});
