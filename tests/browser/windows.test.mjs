// Many windows of one person in one browser: over HTTP/1.1 it has six connections to a server.
import assert from "node:assert/strict";
import { until } from "./support/await.mjs";
import { suite } from "./support/suite.mjs";

const test = suite();
const windowsMany = 7;

async function windows(browser, person, invoices) {
  const first = await browser.person(person);
  const all = [first];
  while (all.length < invoices.length) all.push(await browser.tab(first.page.context()));
  for (const [i, invoice] of invoices.entries()) await all[i].open(invoice);
  return all;
}

function streamsOf(all) {
  return all.flatMap((one) => one.requests(/\/events\?/));
}

test("Seven windows on one thread share a stream, and each hears of everything", async ({
  stack,
  browser,
}) => {
  const invoice = await stack.newInvoice(3);
  const all = await windows(browser, "dana", Array(windowsMany).fill(invoice));
  for (const one of all) await one.page.locator("#live.live-on").waitFor();
  assert.equal(streamsOf(all).length, 1);
  await stack.addComment(invoice, "priya", "To all windows.");
  for (const one of all) await one.comment("To all windows.").waitFor();
  // There is room left for what one does.
  await all[windowsMany - 1].postConfirmed("From the seventh.");
  for (const one of all) await one.comment("From the seventh.").waitFor();
});

test("When the window with the stream closes, another one opens it and nothing is missed", async ({
  stack,
  browser,
}) => {
  const invoice = await stack.newInvoice(1);
  const [first, second, third] = await windows(browser, "dana", Array(3).fill(invoice));
  const reopened = [second, third].map((one) => one.page.waitForRequest(/\/events\?/));
  for (const one of reopened) one.catch(() => {});
  await first.page.close();
  await stack.addComment(invoice, "priya", "In between.");
  await Promise.race(reopened);
  for (const one of [second, third]) await one.comment("In between.").waitFor();
  await stack.addComment(invoice, "priya", "Afterwards.");
  for (const one of [second, third]) await one.comment("Afterwards.").waitFor();
});

test("Seven windows on seven threads: all load, all can be posted in, all follow", async ({
  stack,
  browser,
}) => {
  const invoices = [];
  for (let i = 0; i < windowsMany; i += 1) invoices.push(await stack.newInvoice(1));
  const all = await windows(browser, "dana", invoices);
  await until("each knows whether it follows live", async () => {
    const labels = all.map((one) => one.page.locator("#live").innerText());
    return (await Promise.all(labels)).every((label) => label !== "");
  });
  await all[windowsMany - 1].postConfirmed("From the seventh.");
  // The first has a stream, the last one polls.
  for (const i of [0, windowsMany - 1]) {
    await stack.addComment(invoices[i], "priya", "For this one.");
    await all[i].page.bringToFront();
    await all[i].comment("For this one.").waitFor();
  }
});
