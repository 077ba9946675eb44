// A TCP relay on loopback between two parties of a test: its port stays while the process behind it
// comes and goes. The test can hold back what the server says, and where HTTP/1.1 is spoken, refuse
// requests, hold back their answers or lose them.
import { once } from "node:events";
import { connect, createServer } from "node:net";

const requestLine = /^(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) [^\r\n]*/;

// What happens to the requests whose first line matches, until end() is called.
class Rule {
  // How many requests it has met, and how many answers of theirs have come.
  requests = 0;
  answers = 0;

  constructor(kind, pattern, end) {
    this.kind = kind;
    this.pattern = pattern;
    this.end = end;
  }
}

class Connection {
  #client;
  #server;
  #heldBytes = [];
  // The rule for the request that is under way.
  rule = null;
  line = "";

  constructor(client, address, relay) {
    const at = address.lastIndexOf(":");
    this.#client = client;
    this.#server = connect({ host: address.slice(0, at), port: Number(address.slice(at + 1)) });
    this.relay = relay;
    this.answered = false;
    client.on("data", (bytes) => this.#fromClient(bytes));
    this.#server.on("data", (bytes) => this.#fromServer(bytes));
    for (const socket of [client, this.#server]) {
      socket.on("error", () => this.close());
      socket.on("close", () => this.close());
    }
  }

  #fromClient(bytes) {
    const line = requestLine.exec(bytes.toString("latin1"))?.[0];
    if (line) {
      this.line = line;
      this.answered = false;
      this.rule = this.relay.ruleFor(line);
      if (this.rule) this.rule.requests += 1;
      if (this.rule?.kind === "refuse") return this.close();
    }
    this.#server.write(bytes);
  }

  #fromServer(bytes) {
    if (this.rule && !this.answered) this.rule.answers += 1;
    this.answered = true;
    if (this.rule?.kind === "lose") return this.close();
    if (this.rule?.kind === "hold" || this.relay.holding) this.#heldBytes.push(bytes);
    else this.#client.write(bytes);
  }

  letGo() {
    for (const bytes of this.#heldBytes.splice(0)) this.#client.write(bytes);
  }

  close() {
    this.#client.destroy();
    this.#server.destroy();
    this.relay.connections.delete(this);
  }
}

export class Relay {
  #server = createServer((client) => this.#accept(client));
  #target = "";
  #rules = [];
  connections = new Set();
  holding = false;

  static async open() {
    const relay = new Relay();
    relay.#server.listen(0, "127.0.0.1");
    await once(relay.#server, "listening");
    relay.address = `127.0.0.1:${relay.#server.address().port}`;
    return relay;
  }

  #accept(client) {
    if (!this.#target) return client.destroy();
    client.setNoDelay(true);
    this.connections.add(new Connection(client, this.#target, this));
  }

  leadTo(address) {
    this.#target = address;
  }

  // Closes every connection and refuses new ones until leadTo.
  cut() {
    this.#target = "";
    for (const connection of this.connections) connection.close();
  }

  // All that the server says stays here until resume.
  hold() {
    this.holding = true;
  }

  resume() {
    this.holding = false;
    for (const connection of this.connections) connection.letGo();
  }

  ruleFor(line) {
    return this.#rules.find((rule) => rule.pattern.test(line)) ?? null;
  }

  #addRule(kind, pattern) {
    const rule = new Rule(kind, pattern, () => {
      this.#rules = this.#rules.filter((other) => other !== rule);
      for (const connection of this.connections) {
        if (connection.rule !== rule) continue;
        connection.rule = null;
        connection.letGo();
      }
    });
    this.#rules.push(rule);
    return rule;
  }

  // Such requests find nobody: those under way are cut as well.
  refuse(pattern) {
    for (const connection of this.connections) {
      if (pattern.test(connection.line)) connection.close();
    }
    return this.#addRule("refuse", pattern);
  }

  // Such requests reach the server, their answers wait until the rule ends: also what is left of
  // those under way.
  holdAnswers(pattern) {
    const rule = this.#addRule("hold", pattern);
    for (const connection of this.connections) {
      if (pattern.test(connection.line)) connection.rule = rule;
    }
    return rule;
  }

  // Such requests reach the server, their answers never arrive.
  loseAnswers(pattern) {
    return this.#addRule("lose", pattern);
  }

  endRules() {
    for (const rule of [...this.#rules]) rule.end();
    this.resume();
  }

  close() {
    this.cut();
    this.#server.close();
  }
}
