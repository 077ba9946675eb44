// A browser's EventSource gives up for good on an answer that is no stream.
import assert from "node:assert/strict";
import { until } from "./support/await.mjs";
import { suite } from "./support/suite.mjs";

const test = suite();

// Opens an EventSource on the thread in the page, and notes what it is told.
async function openStream(person, invoice) {
  const source = await person.page.evaluateHandle((path) => {
    const opened = new EventSource(path);
    opened.said = [];
    for (const name of ["open", "error", "stale", "current", "checkpoint"]) {
      opened.addEventListener(name, () => opened.said.push(name));
    }
    return opened;
  }, `/api/invoices/${invoice.id}/events`);
  return {
    said: () => source.evaluate((opened) => opened.said),
    state: () => source.evaluate((opened) => opened.readyState),
  };
}

test("A stream that is opened while comments-service hangs opens, and goes on by itself", async ({
  stack,
  browser,
}) => {
  const invoice = await stack.newInvoice(1);
  const dana = await browser.person("dana");
  await dana.open(invoice);
  stack.commentsFront.hold();
  const stream = await openStream(dana, invoice);
  await until("it is open and says that it is stale", async () => {
    const said = await stream.said();
    return said.includes("open") && said.includes("stale");
  });
  stack.commentsFront.resume();
  await until("it is current", async () => (await stream.said()).includes("current"));
  assert.equal(await stream.state(), 1);
  assert.ok((await stream.said()).includes("checkpoint"));
});
