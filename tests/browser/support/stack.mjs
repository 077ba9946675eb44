// The real comments-service, invoice-service and gateway over a temporary folder, with real tokens.
// Every connection between them and to them runs through a relay of the test, so that each can be
// ended, started anew or held back while the others keep their addresses.
import { execFile } from "node:child_process";
import { generateKeyPairSync, randomUUID } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { until } from "./await.mjs";
import { call } from "./contract_call.mjs";
import { binary, root } from "./places.mjs";
import { Relay } from "./relay.mjs";
import { ServiceProcess } from "./service_process.mjs";

const run = promisify(execFile);
const demoFile = join(root, "deploy/demo/demo.json");
// Gives a person who reads the goodbye late a chance, and ends soon.
const drainGrace = "2s";
const importedCommentsMax = 500;
const authors = [
  { userId: "priya", displayName: "Priya" },
  { userId: "dana", displayName: "Dana" },
  { userId: "alex", displayName: "Alex" },
];

export class Stack {
  #folder = "";
  #tokens = new Map();
  #invoices = 0;
  comments = new ServiceProcess("comments-service");
  invoices = new ServiceProcess("invoice-service");
  gateway = new ServiceProcess("gateway");

  // `demo`: with the demo's invoices.
  static async start({ demo = false } = {}) {
    const stack = new Stack();
    try {
      await stack.#prepare();
      await stack.startComments();
      await stack.startInvoices();
      await stack.startGateway();
      if (demo) await stack.#demoTool("load", ...stack.#serviceAddresses());
    } catch (error) {
      await stack.stop();
      throw error;
    }
    return stack;
  }

  async #prepare() {
    this.#folder = await mkdtemp(join(tmpdir(), "marginalia-browser-"));
    // In front of each process; the projector's link to comments-service stands apart.
    this.commentsFront = await Relay.open();
    this.invoicesFront = await Relay.open();
    this.projectorLink = await Relay.open();
    this.front = await Relay.open();
    this.url = `http://${this.front.address}`;
    await writeFile(this.#file("service.jwt"), await this.token("service"), { mode: 0o600 });
    const { privateKey } = generateKeyPairSync("ed25519");
    const pem = privateKey.export({ type: "pkcs8", format: "pem" });
    await writeFile(this.#file("signing.pem"), pem, { mode: 0o600 });
    await writeFile(this.#file("people.json"), await this.#demoTool("people"), { mode: 0o600 });
  }

  #file(name) {
    return join(this.#folder, name);
  }

  async #demoTool(command, ...rest) {
    const { stdout } = await run(binary("marginalia-demo", "deploy/demo"), [
      command,
      `--data=${this.#folder}`,
      `--demo_file=${demoFile}`,
      ...rest,
    ]);
    return stdout;
  }

  #flags(...more) {
    return [`--jwks_path=${this.#file("keys/jwks.json")}`, `--drain_grace=${drainGrace}`, ...more];
  }

  #serviceAddresses() {
    return [
      `--comments_address=${this.commentsFront.address}`,
      `--invoices_address=${this.invoicesFront.address}`,
    ];
  }

  async startComments() {
    await this.comments.start(
      this.#flags(
        `--database_url=sqlite:${this.#file("comments.db")}`,
        `--invoices_address=${this.invoicesFront.address}`,
        `--checkpoint_key_path=${this.#file("signing.pem")}`,
      ),
    );
    this.commentsFront.leadTo(this.comments.address);
    this.projectorLink.leadTo(this.comments.address);
  }

  async startInvoices() {
    await this.invoices.start(
      this.#flags(
        `--database_url=sqlite:${this.#file("invoices.db")}`,
        `--comments_address=${this.projectorLink.address}`,
        `--service_token_path=${this.#file("service.jwt")}`,
      ),
    );
    this.invoicesFront.leadTo(this.invoices.address);
  }

  async startGateway() {
    await this.gateway.start(
      this.#flags(
        ...this.#serviceAddresses(),
        `--service_token_path=${this.#file("service.jwt")}`,
        `--demo_people_path=${this.#file("people.json")}`,
      ),
    );
    this.front.leadTo(this.gateway.address);
    await until("the gateway is ready", async () => {
      const answer = await fetch(`${this.url}/readyz`).catch(() => undefined);
      return answer?.ok;
    });
  }

  // Ends whatever a test held back, refused or cut.
  heal() {
    for (const relay of this.#relays()) relay.endRules();
    this.front.leadTo(this.gateway.address);
    this.invoicesFront.leadTo(this.invoices.address);
    this.commentsFront.leadTo(this.comments.address);
    this.projectorLink.leadTo(this.comments.address);
  }

  #relays() {
    const relays = [this.front, this.commentsFront, this.invoicesFront, this.projectorLink];
    return relays.filter((relay) => relay);
  }

  async stop() {
    await Promise.all([this.gateway, this.invoices, this.comments].map((one) => one.end()));
    for (const relay of this.#relays()) relay.close();
    await rm(this.#folder, { recursive: true, force: true });
  }

  // A bearer token for a person of the demo, or for "service".
  async token(person, org = "") {
    const key = `${person}@${org}`;
    if (!this.#tokens.has(key)) {
      const printed = await run(binary("marginalia-demo", "deploy/demo"), [
        "token",
        `--data=${this.#folder}`,
        `--demo_file=${demoFile}`,
        `--org=${org}`,
        person,
      ]);
      this.#tokens.set(key, printed.stdout.trim());
    }
    return this.#tokens.get(key);
  }

  // A new invoice of northlight, {id, number, path}; `comments` is how many its thread has, or their
  // bodies, oldest first. What `invoice` says goes before the ordinary.
  async newInvoice(comments = 0, invoice = {}) {
    this.#invoices += 1;
    const number = invoice.number ?? `INV-${2000 + this.#invoices}`;
    const created = await call(
      this.invoicesFront.address,
      "marginalia.invoices.v1.InvoicesService/CreateInvoice",
      await this.token("dana"),
      {
        invoice: {
          number,
          customer: { name: "Acme Corp", email: "billing@acme.example" },
          terms: "Net 30",
          dueDate: "2026-06-30",
          currency: "USD",
          lineItems: [{ description: "Design review", quantity: "2 rounds", amount: "480000" }],
          ...invoice,
        },
      },
    );
    const id = created.invoice.invoiceId;
    const bodies =
      typeof comments === "number"
        ? Array.from({ length: comments }, (_, i) => `Comment ${i + 1} of ${comments}.`)
        : comments;
    await this.importComments(id, bodies);
    return { id, number, path: `/invoices/${number}` };
  }

  // Moves an invoice along its life.
  async send(invoice) {
    await this.#move("Send", invoice);
  }

  async pay(invoice) {
    await this.#move("Pay", invoice);
  }

  async #move(how, invoice) {
    const service = "marginalia.invoices.v1.InvoicesService";
    const { address } = this.invoicesFront;
    const token = await this.token("dana");
    const request = { invoiceId: invoice.id };
    const { invoice: stored } = await call(address, `${service}/GetInvoice`, token, request);
    await call(address, `${service}/${how}Invoice`, token, { ...request, etag: stored.etag });
  }

  // A minute between one and the next. The last is some hours old, unless it must follow such ones, so
  // that no time changes its words while a test runs.
  async importComments(invoiceId, bodies, { people = authors, minutesAgo = 210 } = {}) {
    const token = await this.token("service", "northlight");
    const end = Math.floor(Date.now() / 1000) - minutesAgo * 60;
    const comments = bodies.map((body, i) => ({
      commentId: randomUUID(),
      author: people[i % people.length],
      body,
      createTime: new Date((end - (bodies.length - i) * 60) * 1000).toISOString(),
    }));
    for (let i = 0; i < comments.length; i += importedCommentsMax) {
      await call(
        this.commentsFront.address,
        "marginalia.comments.v1.CommentsService/ImportComments",
        token,
        { invoiceId, comments: comments.slice(i, i + importedCommentsMax) },
      );
    }
  }

  // A person's comment that comes from elsewhere: not through the gateway, which may be down.
  async addComment(invoice, person, body) {
    const added = await call(
      this.commentsFront.address,
      "marginalia.comments.v1.CommentsService/AddComment",
      await this.token(person),
      { invoiceId: invoice.id, commentId: randomUUID(), body },
    );
    return added.comment;
  }

  // An admin's erasure, which no page offers.
  async eraseComment(invoice, commentId) {
    await call(
      this.commentsFront.address,
      "marginalia.comments.v1.CommentsService/EraseComment",
      await this.token("alex"),
      { invoiceId: invoice.id, commentId, reason: "on request" },
    );
  }

  // Many comments of a person through the gateway, one after the other.
  async postComments(invoice, person, bodies) {
    const headers = {
      authorization: `Bearer ${await this.token(person)}`,
      "content-type": "application/json",
    };
    for (const body of bodies) {
      const answer = await fetch(`${this.url}/api/invoices/${invoice.id}/comments`, {
        method: "POST",
        headers,
        body: JSON.stringify({ id: randomUUID(), body }),
      });
      if (answer.status !== 201)
        throw new Error(`${body}: ${answer.status} ${await answer.text()}`);
    }
  }

  // Takes away a comment of that person, as the API told it.
  async removeComment(invoice, person, { commentId, etag }) {
    const address = `${this.url}/api/invoices/${invoice.id}/comments/${commentId}`;
    const answer = await fetch(address, {
      method: "DELETE",
      headers: {
        authorization: `Bearer ${await this.token(person)}`,
        "content-type": "application/json",
        "if-match": `"${etag}"`,
      },
      body: JSON.stringify({ reason: "", changeId: randomUUID() }),
    });
    if (!answer.ok) throw new Error(`${commentId}: ${answer.status} ${await answer.text()}`);
  }

  // The newest comments of the thread as comments-service has them, whatever the gateway says.
  async storedComments(invoice) {
    const page = await call(
      this.commentsFront.address,
      "marginalia.comments.v1.CommentsService/ListComments",
      await this.token("dana"),
      { invoiceId: invoice.id, pageSize: 100 },
    );
    return page.comments ?? [];
  }

  // A page of the thread as the API has it, the newest one.
  async pageOf(invoice) {
    const headers = { authorization: `Bearer ${await this.token("dana")}` };
    const answer = await fetch(`${this.url}/api/invoices/${invoice.id}/comments`, { headers });
    return answer.json();
  }

  // The whole thread as the API has it, newest first.
  async thread(invoice) {
    const headers = { authorization: `Bearer ${await this.token("dana")}` };
    const comments = [];
    let cursor = "";
    do {
      const query = new URLSearchParams({ limit: "100", ...(cursor && { cursor }) });
      const answer = await fetch(`${this.url}/api/invoices/${invoice.id}/comments?${query}`, {
        headers,
      });
      if (!answer.ok) throw new Error(`the thread: ${answer.status} ${await answer.text()}`);
      const page = await answer.json();
      comments.push(...page.comments);
      cursor = page.nextCursor;
    } while (cursor);
    return comments;
  }
}
