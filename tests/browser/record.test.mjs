// What a person takes away to show to others: the evidence as a file, and the record on paper.
import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { artifacts } from "./support/places.mjs";
import { suite } from "./support/suite.mjs";

const test = suite();
const off = { javaScriptEnabled: false };

// Calls the API as Dana; fails the test when it refuses.
async function call(stack, method, path, body, etag) {
  const headers = {
    authorization: `Bearer ${await stack.token("dana")}`,
    "content-type": "application/json",
    ...(etag && { "if-match": `"${etag}"` }),
  };
  const answer = await fetch(stack.url + path, { method, headers, body: JSON.stringify(body) });
  const text = await answer.text();
  assert.ok(answer.ok, text);
  return JSON.parse(text);
}

// A thread with an edit, a removal with its reason, and a resolution.
async function disputed(stack, browser) {
  const invoice = await stack.newInvoice(1);
  const thread = `/api/invoices/${invoice.id}/comments`;
  const post = async (body) => (await call(stack, "POST", thread, { body })).comment;
  const first = await post("The design review was 4 hours.");
  const edited = "The design review was 6 hours: see the notes.";
  await call(stack, "PATCH", `${thread}/${first.commentId}`, { body: edited }, first.etag);
  const second = await post("Never mind the discount.");
  const reason = { reason: "said too early" };
  await call(stack, "DELETE", `${thread}/${second.commentId}`, reason, second.etag);
  await call(stack, "POST", `/api/invoices/${invoice.id}/resolve`, {});
  const dana = await browser.person("dana");
  await dana.open(invoice);
  return { invoice, dana };
}

test("The evidence is a file that one downloads from the invoice, with and without script", async ({
  stack,
  browser,
}) => {
  const { invoice, dana } = await disputed(stack, browser);
  const without = await browser.person("dana", off);
  await without.page.goto(invoice.path);
  const files = [];
  for (const person of [dana, without]) {
    const download = person.page.waitForEvent("download");
    await person.page.getByRole("link", { name: "Download evidence" }).click();
    const file = await download;
    assert.match(file.suggestedFilename(), /^[A-Za-z0-9._-]+\.evidence\.json$/);
    files.push(await readFile(await file.path(), "utf8"));
  }
  assert.equal(files[0], files[1]);
  const evidence = JSON.parse(files[0]);
  assert.equal(evidence.format, "marginalia-evidence-1");
  assert.equal(evidence.comments.length, 3);
  assert.equal(evidence.comments[1].revisions[1].body, "The design review was 6 hours: see the notes.");
  assert.equal(evidence.comments[2].removal.reason, "said too early");
  assert.ok(!files[0].includes("Never mind"), "a member is not shown what was removed");
  assert.match(evidence.checkpoint, /^marginalia\.dev\/[0-9a-f]+\/northlight\n/);
});

test("A viewer, who may not have it, is not offered it", async ({ stack, browser }) => {
  const invoice = await stack.newInvoice(1);
  const sam = await browser.person("sam");
  await sam.open(invoice);
  assert.equal(await sam.page.getByRole("link", { name: "Download evidence" }).count(), 0);
  assert.equal(await sam.page.getByRole("link", { name: "Print the record" }).count(), 0);
});

test("The record is printed with all that was said, what is proven, the checkpoint and the key", async ({
  stack,
  browser,
}) => {
  const { invoice, dana } = await disputed(stack, browser);
  await dana.page.getByRole("link", { name: "Print the record" }).click();
  await dana.page.waitForURL(/\/record$/);
  const page = dana.page.locator(".record-page");
  const texts = await page.locator(".record-text").allTextContents();
  assert.deepEqual(texts, [
    "Comment 1 of 1.",
    "The design review was 4 hours.",
    "The design review was 6 hours: see the notes.",
  ]);
  assert.match(await page.innerText(), /Removed by Dana \(dana\), .* UTC: said too early/);
  assert.match(await page.innerText(), /Resolved, by Dana \(dana\), .* UTC/);
  assert.match(await page.innerText(), /This text was removed, and admins alone are shown it/);
  assert.equal(await page.locator(".record-proof p").count(), 2);
  const [checkpoint, key] = await page.locator(".record-foot pre").allTextContents();
  assert.match(checkpoint, /^marginalia\.dev\/[0-9a-f]+\/northlight\n[0-9]+\n/);
  assert.match(key, /^marginalia\.dev\/checkpoint\+[0-9a-f]{8}\+/);

  await dana.page.emulateMedia({ media: "print" });
  await mkdir(artifacts, { recursive: true });
  await dana.page.screenshot({ path: join(artifacts, "record-printed.png"), fullPage: true });
  for (const gone of [".top", ".record-doors"]) {
    assert.ok(!(await dana.page.locator(gone).first().isVisible()), `${gone} is not printed`);
  }
  const pdf = await dana.page.pdf({ format: "A4", margin: { top: "2cm", bottom: "2cm" } });
  await writeFile(join(artifacts, "record.pdf"), pdf);
  assert.equal(pdf.subarray(0, 5).toString(), "%PDF-");

  const alex = await browser.person("alex");
  await alex.page.goto(`${invoice.path}/record`);
  assert.match(await alex.page.locator(".record-page").innerText(), /Never mind the discount/);
});

test("A hostile text is text on paper as well", async ({ stack, browser }) => {
  const invoice = await stack.newInvoice(0);
  const hostile = "<script>alert(1)</script>\n{{checkpoint}} \u202Eevil </pre>";
  await call(stack, "POST", `/api/invoices/${invoice.id}/comments`, { body: hostile });
  const dana = await browser.person("dana");
  await dana.page.goto(`${invoice.path}/record`);
  assert.equal(await dana.page.locator(".record-text").textContent(), hostile);
});
