// The generated client against the real gateway and the real services.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Stack } from "../browser/support/stack.mjs";
import { Marginalia } from "./client.mjs";

let stack;
let dana;

before(async () => {
  stack = await Stack.start();
  dana = new Marginalia(stack.url, await stack.token("dana"));
});
after(() => stack?.stop());

test("What it posts, it reads again, page by page and alone", async () => {
  const invoice = await stack.newInvoice(5);
  const { comment, token, place } = await dana.post(invoice.id, "From the generated client.");
  assert.equal(place, `/api/invoices/${invoice.id}/comments/${comment.commentId}`);
  const bodies = [];
  for await (const { body } of dana.comments(invoice.id, 2)) bodies.push(body);
  assert.equal(bodies.length, 6);
  assert.equal(bodies[0], "From the generated client.");
  assert.deepEqual(await dana.comment(invoice.id, comment.commentId), comment);
  assert.equal((await dana.invoice(invoice.id, token)).summary.commentCount, 6);
});

test("What the document says of failures is what comes", async () => {
  const invoice = await stack.newInvoice(0);
  assert.equal(await dana.comment(invoice.id, crypto.randomUUID()), undefined);
  await assert.rejects(dana.post(invoice.id, " "), /body/);
  const { error, response } = await dana.api.GET("/api/invoices/{id}", {
    params: { path: { id: "INV-0" } },
  });
  assert.equal(response.status, 404);
  assert.equal(error.reason, "INVOICE_NOT_FOUND");
  assert.equal(error.requestId, response.headers.get("x-request-id"));
});

test("The document that the gateway serves is the one that was read", async () => {
  const { data } = await dana.api.GET("/openapi.json");
  assert.deepEqual(data.servers, [
    { url: "/", description: "The gateway that serves this document." },
  ]);
});
