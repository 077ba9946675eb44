// A call of one of the services by name, with JSON for protobuf: what no HTTP route offers.
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { createFileRegistry, fromBinary, fromJson, toBinary, toJson } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { Client, credentials, Metadata } from "@grpc/grpc-js";
import { root } from "./places.mjs";

const run = promisify(execFile);
const callMsMax = 30_000;
const answerBytesMax = 16 * 1024 * 1024;
const options = {
  "grpc.max_receive_message_length": answerBytesMax,
  // A call is not to wait for what another one met, before the test let the service be reached again.
  "grpc.use_local_subchannel_pool": 1,
};
const services = ["comments", "invoices"].map((of) => `marginalia/${of}/v1/${of}_service.proto`);
const asIs = (bytes) => bytes;

// protoc writes into no pipe of Node's.
async function readContract() {
  const folder = await mkdtemp(join(tmpdir(), "marginalia-contract-"));
  const file = join(folder, "descriptors");
  try {
    await run("protoc", ["--include_imports", `--descriptor_set_out=${file}`, ...services], {
      cwd: join(root, "proto"),
    });
    return createFileRegistry(fromBinary(FileDescriptorSetSchema, await readFile(file)));
  } finally {
    await rm(folder, { recursive: true });
  }
}

let contract;

// `path` is such as marginalia.comments.v1.CommentsService/AddComment.
export async function call(address, path, token, request) {
  contract ??= readContract();
  const registry = await contract;
  const [service, name] = path.split("/");
  const method = registry.getService(service).methods.find((one) => one.name === name);
  const bytes = Buffer.from(toBinary(method.input, fromJson(method.input, request)));
  const metadata = new Metadata();
  metadata.set("authorization", `Bearer ${token}`);
  const client = new Client(address, credentials.createInsecure(), options);
  const deadline = Date.now() + callMsMax;
  try {
    const answer = await new Promise((resolve, reject) => {
      client.makeUnaryRequest(`/${path}`, asIs, asIs, bytes, metadata, { deadline }, (error, got) =>
        error ? reject(new Error(`${path}: ${error.message}`)) : resolve(got),
      );
    });
    return toJson(method.output, fromBinary(method.output, answer));
  } finally {
    client.close();
  }
}
