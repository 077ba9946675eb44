// Posts a comment, whatever happens to the service meanwhile, and prints the thread as it grows, until a
// comment says "bye". Usage: node build/client.js ADDRESS TOKEN INVOICE_ID COMMENT
import { readFileSync } from "node:fs";
import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { credentials, Metadata, status, type ServiceError } from "@grpc/grpc-js";
import { CommentsServiceClient } from "./generated/marginalia/comments/v1/comments_service.js";
import type { AddCommentResponse, WatchEventsResponse } from "./generated/marginalia/comments/v1/comments_service.js";

const [address, token, invoiceId, body] = process.argv.slice(2);
const serviceConfig = readFileSync(new URL("../../../service_config.json", import.meta.url), "utf8");
const comments = new CommentsServiceClient(address, credentials.createInsecure(), {
  "grpc.service_config": serviceConfig,
});
const metadata = new Metadata();
metadata.set("authorization", `Bearer ${token}`);

// What ends so may have arrived all the same, and may be tried again. A service that stops says CANCELLED as well.
const passing = [status.UNAVAILABLE, status.CANCELLED, status.DEADLINE_EXCEEDED];

// One id for all attempts: however many of them arrive, there is one comment.
const commentId = randomUUID();
const post = () =>
  new Promise<AddCommentResponse>((resolve, reject) => {
    const deadline = Date.now() + 15_000;
    comments.addComment({ invoiceId, commentId, body, mentions: [] }, metadata, { deadline }, (error, response) =>
      error ? reject(error) : resolve(response),
    );
  });
for (let posted = false; !posted; ) {
  posted = await post().then(
    () => true,
    (error: ServiceError) => {
      if (!passing.includes(error.code)) throw error;
      return false;
    },
  );
  if (!posted) await pause(500);
}

// A stream that ends goes on after the last checkpoint: nothing is left out, nothing comes twice.
let afterToken: string | undefined;
for (let bye = false; !bye; ) {
  const start = afterToken === undefined ? { fromBeginning: true } : { afterToken };
  const stream = comments.watchEvents({ ...start, invoiceId }, metadata);
  try {
    for await (const step of stream as AsyncIterable<WatchEventsResponse>) {
      for (const { commentAdded } of step.events) {
        // There are other kinds: edits, removals, and whatever comes to the contract later.
        if (!commentAdded?.comment) continue;
        console.log(`${commentAdded.comment.sequence} ${commentAdded.comment.body}`);
        bye ||= commentAdded.comment.body === "bye";
      }
      afterToken = step.checkpointToken;
      if (bye) break;
    }
  } catch (error) {
    const { code } = error as ServiceError;
    if (!passing.includes(code)) throw error;
    await pause(500);
  } finally {
    stream.on("error", () => {}).cancel();
  }
}
comments.close();
