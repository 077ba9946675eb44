// The server renders the first page whole; the leaf takes it over as it is.
import assert from "node:assert/strict";
import { get } from "node:http";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { closedGate } from "./support/gate.mjs";
import { assertCountsAgree } from "./support/invoice_page.mjs";
import { suite } from "./support/suite.mjs";

const test = suite({ demo: true });
const scriptBytesMax = 30_000;
const busy = { path: "/invoices/INV-1043", removed: 10 };
const quiet = { path: "/invoices/INV-1042" };

// How the page was served, in the browser's own reading, beside what it has become.
async function servedAndLive(person, html) {
  return person.page.evaluate((text) => {
    const served = new DOMParser().parseFromString(text, "text/html");
    const of = (document) => {
      const main = document.querySelector("main").cloneNode(true);
      // What is the browser's or one visit's own, and what says that the page is live.
      for (const one of main.querySelectorAll("#live, #announcer, input[name=comment_id]"))
        one.remove();
      // What one can do with comments by script, and without it.
      for (const one of main.querySelectorAll("noscript, .comment-actions, .thread > .error"))
        one.remove();
      // What orders the list for the eye is drawn by attributes, and takes no room.
      for (const item of main.querySelectorAll("#comments > li")) {
        item.removeAttribute("data-day");
        item.removeAttribute("data-seen");
        item.classList.remove("run");
      }
      for (const time of main.querySelectorAll("time")) time.textContent = time.dateTime;
      // Piece by piece, so that a difference can be read.
      return main.innerHTML.replace(/>\s+</g, "><").trim().split(/(?=<)/);
    };
    return { served: of(served), live: of(document) };
  }, html);
}

for (const invoice of [quiet, busy]) {
  test(`The page of ${invoice.path} is the same before and after the leaf`, async ({ browser }) => {
    const dana = await browser.person("dana");
    await dana.paintBeforeScript();
    const answer = await dana.open(invoice);
    const { served, live } = await servedAndLive(dana, await answer.text());
    assert.deepEqual(live, served);
    assert.deepEqual(
      dana.requests(/^GET \/api\/(?!.*\/events)/),
      [],
      "data that was rendered was requested again",
    );
    assert.deepEqual(await dana.shifts(), [], "the layout shifted");
    assertCountsAgree(await dana.states(), invoice.removed);
  });
}

test("The leaf keeps the very nodes that the server rendered", async ({ browser }) => {
  const dana = await browser.person("dana");
  await dana.page.addInitScript(() => {
    window.removed = [];
    new MutationObserver((changes) => {
      for (const change of changes) {
        for (const node of change.removedNodes) {
          if (change.target.closest?.("#thread, #summary")) window.removed.push(node.nodeName);
        }
      }
    }).observe(document, { subtree: true, childList: true });
  });
  await dana.open(busy);
  assert.deepEqual(
    await dana.page.evaluate(() => window.removed.filter((name) => name !== "#text")),
    [],
  );
});

// A request of our own: no decoding, all headers.
function fetchRaw(url, headers) {
  return new Promise((resolve, reject) => {
    get(url, { headers }, (answer) => {
      const parts = [];
      answer.on("data", (part) => parts.push(part));
      answer.on("end", () => resolve({ answer, bytes: Buffer.concat(parts) }));
    }).on("error", reject);
  });
}

test("Assets are small, compressed and kept for ever", async ({ stack, browser }) => {
  const dana = await browser.person("dana");
  await dana.open(quiet);
  const paths = dana.watch.requests.map((request) => new URL(request.url()).pathname);
  const assets = new Set(paths.filter((path) => path.startsWith("/assets/")));
  const script = [...assets].find((path) => path.endsWith(".js"));
  assert.ok(script && [...assets].some((path) => path.endsWith(".css")), `${[...assets]}`);
  for (const path of assets) {
    const { answer, bytes } = await fetchRaw(stack.url + path, { "accept-encoding": "gzip" });
    assert.equal(answer.headers["content-encoding"], "gzip");
    assert.match(answer.headers["cache-control"], /max-age=31536000.*immutable/);
    assert.match(answer.headers.vary ?? "", /accept-encoding/i);
    const brotli = await fetchRaw(stack.url + path, { "accept-encoding": "br" });
    const plain = await fetchRaw(stack.url + path, { "accept-encoding": "identity" });
    assert.ok(gunzipSync(bytes).equals(plain.bytes));
    assert.ok(brotliDecompressSync(brotli.bytes).equals(plain.bytes));
    if (path === script)
      assert.ok(bytes.length <= scriptBytesMax, `${bytes.length} bytes of script`);
  }
});

test("The policy allows no inline script, no inline style and no stranger", async ({ browser }) => {
  const dana = await browser.person("dana");
  const answer = await dana.open(quiet);
  const policy = answer.headers()["content-security-policy"];
  assert.match(policy, /default-src 'none'/);
  assert.doesNotMatch(policy, /unsafe|https?:|\*|data:/);
  assert.match(answer.headers()["cache-control"], /no-store/);
  const inline = await dana.page.evaluate(() =>
    [...document.querySelectorAll("style, [style], script:not([src])")]
      .filter((one) => one.type !== "application/json")
      .map((one) => one.outerHTML),
  );
  assert.deepEqual(inline, []);
});

test("While the script is on its slow way the page can be read and used", async ({
  stack,
  browser,
}) => {
  const invoice = await stack.newInvoice(3);
  const dana = await browser.person("dana");
  const gate = closedGate();
  await dana.page.route("**/assets/leaf*", async (route) => {
    await gate.opened;
    await route.continue();
  });
  await dana.page.goto(invoice.path, { waitUntil: "commit" });
  await dana.comment("Comment 3 of 3.").waitFor();
  await dana.write("Without waiting for the script.");
  await dana.send();
  await dana.page.waitForURL(/consistency=/, { waitUntil: "commit" });
  await dana.comment("Without waiting for the script.").waitFor();
  gate.open();
  await dana.page.waitForLoadState("load");
});
