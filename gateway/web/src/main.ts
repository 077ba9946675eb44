// What the pages need a script for: the thread that follows along, the sidebar that opens in place,
// and the unread marks of the list. Without it they are read and posted to all the same.
import { notifyManager, QueryClient } from "@tanstack/query-core";
import { Activity } from "./activity.ts";
import { Announcer } from "./announcer.ts";
import { followAttention } from "./attention.ts";
import { readDehydrated } from "./dehydrated.ts";
import { startInvoiceList } from "./invoice_list.ts";
import { startThread } from "./live_thread.ts";
import { PageClock, refreshTimes } from "./page_time.ts";
import { followSession } from "./session.ts";

const TIMES_REFRESH_MS = 30_000;

const page = readDehydrated();
const clock = new PageClock(document.body.dataset.now);
const announcer = new Announcer(document.getElementById("announcer"));
const client = new QueryClient();
// What is written to the cache is on the page before the browser draws it.
notifyManager.setScheduler(queueMicrotask);
client.mount();
followAttention();
followSession();

const thread = document.getElementById("thread");
const list = document.getElementById("comments");
if (page !== undefined && thread !== null && list !== null) {
  startThread(thread, list, page, { client, clock, announcer });
}

const invoices = document.querySelector<HTMLElement>(".list-page");
if (invoices !== null) startInvoiceList(invoices, clock);

const aside = document.getElementById("activity");
const toggle = document.getElementById("activity-toggle");
const close = document.getElementById("activity-close");
if (aside !== null && toggle !== null && close !== null) {
  new Activity({ aside, toggle, close }, client, clock, announcer);
}

refreshTimes(document, clock);
setInterval(() => refreshTimes(document, clock), TIMES_REFRESH_MS);
