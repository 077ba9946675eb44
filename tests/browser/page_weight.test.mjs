// What the pages weigh and how soon they are there on a slow line and a slow machine, as the DevTools
// protocol measures it. The figures are printed and not judged: how fast a machine is, is no rule, and one
// that is slow enough paints half a document first, whose rest then shifts it. How many bytes go over the
// line is one.
import assert from "node:assert/strict";
import { until } from "./support/await.mjs";
import { suite } from "./support/suite.mjs";

const test = suite({ demo: true });
// What is called a slow 4G line, and a phone of the middle.
const line = { latency: 150, downloadThroughput: 200_000, uploadThroughput: 93_750, offline: false };
const cpuSlowdown = 4;
const bytesMax = 60_000;

async function measure(one, path) {
  const { page } = one;
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("Network.enable");
  await devtools.send("Network.setCacheDisabled", { cacheDisabled: true });
  await devtools.send("Network.emulateNetworkConditions", line);
  await devtools.send("Emulation.setCPUThrottlingRate", { rate: cpuSlowdown });
  const types = new Map();
  const bytes = {};
  devtools.on("Network.responseReceived", ({ requestId, type }) => types.set(requestId, type));
  devtools.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    const type = types.get(requestId) ?? "Other";
    bytes[type] = (bytes[type] ?? 0) + encodedDataLength;
  });
  await page.goto(path, { waitUntil: "load" });
  const largest = await until("the largest paint", () =>
    page.evaluate(
      () =>
        new Promise((done) => {
          new PerformanceObserver((list) => done(list.getEntries().at(-1)?.startTime)).observe({
            type: "largest-contentful-paint",
            buffered: true,
          });
          setTimeout(() => done(undefined), 200);
        }),
    ),
  );
  const shifts = await page.evaluate(() => window.marginaliaRecord.shifts);
  await devtools.detach();
  const cls = shifts.reduce((sum, { value }) => sum + value, 0);
  return { lcpMs: Math.round(largest), cls, bytes };
}

for (const path of ["/invoices/INV-1042", "/invoices"]) {
  test(`The weight of ${path}`, async ({ browser }) => {
    const dana = await browser.person("dana");
    const { lcpMs, cls, bytes } = await measure(dana, path);
    const total = Object.values(bytes).reduce((sum, each) => sum + each, 0);
    process.stdout.write(
      `${path}: LCP ${lcpMs} ms, CLS ${cls.toFixed(3)}, ${total} bytes ${JSON.stringify(bytes)}\n`,
    );
    assert.ok(total <= bytesMax, `${path} weighs ${total} bytes`);
  });
}
