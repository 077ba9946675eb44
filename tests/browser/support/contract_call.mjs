// A call of one of the services by name, with JSON for protobuf: what no HTTP route offers.
import { execFile } from "node:child_process";
import { join } from "node:path";
import { root } from "./places.mjs";

const callMsMax = 30_000;
const answerBytesMax = 16 * 1024 * 1024;
const buf = join(root, "proto/node_modules/.bin/buf");

// `method` is such as marginalia.comments.v1.CommentsService/AddComment.
export function call(address, method, token, request) {
  return new Promise((resolve, reject) => {
    const child = execFile(
      buf,
      [
        "curl",
        "--http2-prior-knowledge",
        "--protocol",
        "grpc",
        "--schema",
        join(root, "proto"),
        "-H",
        `authorization: Bearer ${token}`,
        "-d",
        "@-",
        `http://${address}/${method}`,
      ],
      { timeout: callMsMax, maxBuffer: answerBytesMax },
      (error, stdout, stderr) => {
        if (error) reject(new Error(`${method}: ${stderr || error.message}`));
        else resolve(JSON.parse(stdout || "{}"));
      },
    );
    child.stdin.end(JSON.stringify(request));
  });
}
