import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { startInvoiceList } from "../src/invoice_list.ts";
import { PageClock } from "../src/page_time.ts";
import { FakeServer } from "./support/fake_server.ts";
import { FakeTimers } from "./support/fake_timers.ts";
import { find, look, showPage } from "./support/page.ts";
import { until } from "./support/turns.ts";

const rows = (comments: string) => `
  <table class="invoices" data-cursor="c-2"><tbody>
    <tr><th><a href="/invoices/INV-7">INV-7</a></th><td>${comments}</td></tr>
  </tbody></table>`;

let server: FakeServer;
let timers: FakeTimers;

beforeEach(() => {
  look({ visible: true });
  timers = new FakeTimers();
  server = new FakeServer(1);
  location.search = "?status=paid";
  location.pathname = "/invoices";
  showPage(`<main>${rows("No comments")}</main>`);
  startInvoiceList(find("main"), new PageClock(undefined));
});

afterEach(() => {
  server.close();
  timers.restore();
  location.search = "";
  location.pathname = "/invoices/INV-1042";
});

test("rows that were found further on are followed from there", async () => {
  server.intercept = (request) =>
    request.startsWith("GET /invoices") ? new Response(rows("1 comment")) : undefined;
  timers.advance(15_000);
  await until(() => find("td").textContent === "1 comment");
  assert.deepEqual(server.requests, [
    "GET /api/invoices?status=paid&cursor=c-2&limit=50",
    "GET /invoices?status=paid&cursor=c-2",
  ]);
});
