// What a web team would build instead of Marginalia: one Fastify process over better-sqlite3. A post
// is one durable transaction of three rows, as comments-service's is; a page is read with one
// statement. It checks no token, keeps no hash chain and groups no commits, which is all in its
// favour but the last.
// Usage: node server.mjs DATABASE
import Database from "better-sqlite3";
import Fastify from "fastify";

const pageSizeMax = 100;
const database = new Database(process.argv[2]);
database.pragma("journal_mode = WAL");
database.pragma("synchronous = FULL");
database.exec(`
  CREATE TABLE IF NOT EXISTS comments (
    position INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, invoice_id TEXT NOT NULL,
    sequence INTEGER NOT NULL, author_id TEXT NOT NULL, author_name TEXT NOT NULL,
    body TEXT NOT NULL, create_time TEXT NOT NULL, UNIQUE (invoice_id, sequence)
  );
  CREATE TABLE IF NOT EXISTS audit_entries (
    position INTEGER PRIMARY KEY, actor_id TEXT NOT NULL, action TEXT NOT NULL,
    invoice_id TEXT NOT NULL, comment_id TEXT NOT NULL, create_time TEXT NOT NULL
  );
  CREATE TABLE IF NOT EXISTS events (position INTEGER PRIMARY KEY, payload TEXT NOT NULL);
`);

const newest = database.prepare(
  "SELECT coalesce(max(sequence), 0) AS sequence FROM comments WHERE invoice_id = ?",
);
const insertComment = database.prepare(
  "INSERT INTO comments (id, invoice_id, sequence, author_id, author_name, body, create_time)" +
    " VALUES (?, ?, ?, ?, ?, ?, ?)",
);
const insertEntry = database.prepare(
  "INSERT INTO audit_entries (position, actor_id, action, invoice_id, comment_id, create_time)" +
    " VALUES (?, ?, 'comment.added', ?, ?, ?)",
);
const insertEvent = database.prepare("INSERT INTO events (position, payload) VALUES (?, ?)");
const selectPage = database.prepare(
  "SELECT id AS commentId, sequence, author_id AS userId, author_name AS displayName, body," +
    " create_time AS createTime FROM comments WHERE invoice_id = ? AND sequence < ?" +
    " ORDER BY sequence DESC LIMIT ?",
);

const addComment = database.transaction((invoiceId, id, body) => {
  const createTime = new Date().toISOString();
  const sequence = newest.get(invoiceId).sequence + 1;
  const comment = { commentId: id, invoiceId, sequence, body, createTime };
  const position = insertComment.run(
    id, invoiceId, sequence, "ada", "Ada Lovelace", body, createTime,
  ).lastInsertRowid;
  insertEntry.run(position, "ada", invoiceId, id, createTime);
  insertEvent.run(position, JSON.stringify(comment));
  return comment;
});

const comment = {
  type: "object",
  properties: {
    commentId: { type: "string" },
    invoiceId: { type: "string" },
    sequence: { type: "integer" },
    author: {
      type: "object",
      properties: { userId: { type: "string" }, displayName: { type: "string" } },
    },
    body: { type: "string" },
    createTime: { type: "string" },
  },
};
const server = Fastify();
server.post(
  "/api/invoices/:id/comments",
  {
    schema: {
      body: {
        type: "object",
        required: ["id", "body"],
        properties: {
          id: { type: "string", minLength: 36, maxLength: 36 },
          body: { type: "string", minLength: 1, maxLength: 10000 },
        },
      },
      response: { 201: { type: "object", properties: { comment } } },
    },
  },
  (request, reply) => {
    const { id, body } = request.body;
    reply.code(201).send({ comment: addComment(request.params.id, id, body) });
  },
);
server.get(
  "/api/invoices/:id/comments",
  {
    schema: {
      querystring: {
        type: "object",
        properties: {
          limit: { type: "integer", minimum: 1, maximum: pageSizeMax, default: 20 },
          cursor: { type: "integer", default: Number.MAX_SAFE_INTEGER },
        },
      },
      response: {
        200: {
          type: "object",
          properties: {
            comments: { type: "array", items: comment },
            nextCursor: { type: "string" },
            totalSize: { type: "integer" },
          },
        },
      },
    },
  },
  (request, reply) => {
    const { limit, cursor } = request.query;
    const rows = selectPage.all(request.params.id, cursor, limit);
    const comments = rows.map(({ userId, displayName, ...rest }) => ({
      ...rest,
      invoiceId: request.params.id,
      author: { userId, displayName },
    }));
    reply.send({
      comments,
      nextCursor: rows.length === limit ? String(rows.at(-1).sequence) : "",
      totalSize: newest.get(request.params.id).sequence,
    });
  },
);

await server.listen({ host: "127.0.0.1", port: 0 });
const { address, port } = server.server.address();
process.stderr.write(
  `${JSON.stringify({ message: "listening", address: `${address}:${port}` })}\n`,
);
process.once("SIGTERM", () => server.close());
