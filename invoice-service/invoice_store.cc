#include "invoice-service/invoice_store.h"

#include <cstddef>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "services/text/uuid.h"

namespace marginalia {
namespace {

// Puts what has no activity behind all that has one.
constexpr std::int64_t kWithoutActivity = std::int64_t{1} << 62;

// The columns of a row as SOCI binds them, for every statement of the table.
struct InvoiceRow {
  std::string org_id;
  std::string invoice_id;
  std::string number;
  std::string customer_name;
  std::string customer_email;
  std::string terms;
  std::string due_date;
  std::string currency;
  std::int64_t total = 0;
  std::int64_t status = 0;
  std::int64_t version = 0;
  std::string etag;
  std::int64_t create_time = 0;  // microseconds since 1970
  std::string create_seal;
  std::int64_t activity_time = 0;

  void Set(const std::string& org, const Invoice& invoice) {
    org_id = org;
    invoice_id = invoice.invoice_id;
    number = invoice.content.number;
    customer_name = invoice.content.customer.name;
    customer_email = invoice.content.customer.email;
    terms = invoice.content.terms;
    due_date = invoice.content.due_date;
    currency = invoice.content.currency;
    total = invoice.total;
    status = static_cast<std::int64_t>(invoice.status);
    version = invoice.version;
    etag = invoice.etag;
    create_time = absl::ToUnixMicros(invoice.create_time);
    activity_time = create_time - kWithoutActivity;
  }

  Invoice Get() const {
    return {invoice_id,
            {number, {customer_name, customer_email}, terms, due_date, currency, {}},
            total,
            static_cast<InvoiceStatus>(status),
            version,
            etag,
            absl::FromUnixMicros(create_time)};
  }
};

struct FindStatements {
  explicit FindStatements(Connection& connection)
      : by_id((connection.sql().prepare
                   << "SELECT invoice_id, number, customer_name, customer_email, terms, due_date, "
                      "currency, total, status, version, etag, create_time "
                      "FROM invoices WHERE org_id = :org AND invoice_id = :id",
               soci::use(row.org_id), soci::use(key), soci::into(row.invoice_id),
               soci::into(row.number), soci::into(row.customer_name),
               soci::into(row.customer_email), soci::into(row.terms), soci::into(row.due_date),
               soci::into(row.currency), soci::into(row.total), soci::into(row.status),
               soci::into(row.version), soci::into(row.etag), soci::into(row.create_time))),
        by_number(
            (connection.sql().prepare
                 << "SELECT invoice_id FROM invoices WHERE org_id = :org AND number = :number",
             soci::use(row.org_id), soci::use(key), soci::into(row.invoice_id))),
        seal_by_id((connection.sql().prepare << "SELECT create_seal FROM invoices "
                                                "WHERE org_id = :org AND invoice_id = :id",
                    soci::use(row.org_id), soci::use(key), soci::into(row.create_seal))),
        lines((connection.sql().prepare
                   << "SELECT description, quantity, amount FROM invoice_lines "
                      "WHERE org_id = :org AND invoice_id = :id ORDER BY line_number",
               soci::use(row.org_id), soci::use(row.invoice_id), soci::into(line.description),
               soci::into(line.quantity), soci::into(line.amount))) {}

  InvoiceRow row;
  std::string key;
  LineItem line;
  soci::statement by_id;
  soci::statement by_number;
  soci::statement seal_by_id;
  soci::statement lines;
};

struct WriteStatements {
  explicit WriteStatements(Connection& connection)
      : insert((connection.sql().prepare
                    << "INSERT INTO invoices (org_id, invoice_id, number, customer_name, "
                       "customer_email, terms, due_date, currency, total, status, version, etag, "
                       "create_time, create_seal, activity_time) "
                       "VALUES (:org, :id, :number, :name, :email, :terms, :due, :currency, "
                       ":total, :status, :version, :etag, :created, :seal, :activity) "
                       "ON CONFLICT DO NOTHING",
                soci::use(row.org_id), soci::use(row.invoice_id), soci::use(row.number),
                soci::use(row.customer_name), soci::use(row.customer_email), soci::use(row.terms),
                soci::use(row.due_date), soci::use(row.currency), soci::use(row.total),
                soci::use(row.status), soci::use(row.version), soci::use(row.etag),
                soci::use(row.create_time), soci::use(row.create_seal),
                soci::use(row.activity_time))),
        meet_thread((connection.sql().prepare
                         << "UPDATE invoices SET thread_state = c.thread_state, activity_time = "
                            "CASE WHEN c.state_time > c.last_comment_time THEN c.state_time "
                            "ELSE c.last_comment_time END FROM comment_counts c "
                            "WHERE c.org_id = invoices.org_id "
                            "AND c.invoice_id = invoices.invoice_id "
                            "AND invoices.org_id = :org AND invoices.invoice_id = :id",
                     soci::use(row.org_id), soci::use(row.invoice_id))),
        update((connection.sql().prepare
                    << "UPDATE invoices SET customer_name = :name, customer_email = :email, "
                       "terms = :terms, due_date = :due, currency = :currency, total = :total, "
                       "status = :status, version = :version, etag = :etag "
                       "WHERE org_id = :org AND invoice_id = :id AND etag = :old",
                soci::use(row.customer_name), soci::use(row.customer_email), soci::use(row.terms),
                soci::use(row.due_date), soci::use(row.currency), soci::use(row.total),
                soci::use(row.status), soci::use(row.version), soci::use(row.etag),
                soci::use(row.org_id), soci::use(row.invoice_id), soci::use(old_etag))),
        clear_lines((connection.sql().prepare << "DELETE FROM invoice_lines "
                                                 "WHERE org_id = :org AND invoice_id = :id",
                     soci::use(row.org_id), soci::use(row.invoice_id))),
        insert_line((connection.sql().prepare
                         << "INSERT INTO invoice_lines (org_id, invoice_id, line_number, "
                            "description, quantity, amount) "
                            "VALUES (:org, :id, :line, :description, :quantity, :amount)",
                     soci::use(row.org_id), soci::use(row.invoice_id), soci::use(line_number),
                     soci::use(line.description), soci::use(line.quantity),
                     soci::use(line.amount))) {}

  void InsertLines(const Invoice& invoice) {
    for (line_number = 0; const LineItem& item : invoice.content.line_items) {
      ++line_number;
      line = item;
      insert_line.execute(true);
    }
  }

  InvoiceRow row;
  std::string old_etag;
  std::int64_t line_number = 0;
  LineItem line;
  soci::statement insert;
  soci::statement meet_thread;
  soci::statement update;
  soci::statement clear_lines;
  soci::statement insert_line;
};

// The lists, each of which an index holds in its order.
template <SummaryList::Order kOrder, bool kOfState>
struct ListStatement {
  static constexpr bool kByNumber = kOrder == SummaryList::Order::kNumber;

  explicit ListStatement(Connection& connection) : list(connection.sql()) {
    list.alloc();
    list.prepare(absl::StrCat(
        "SELECT i.invoice_id, i.number, i.customer_name, i.total, i.currency, i.status, "
        "i.version, i.due_date, i.activity_time, coalesce(c.comment_count, 0), "
        "coalesce(c.last_comment_time, 0), coalesce(c.last_author_name, ''), i.thread_state, "
        "coalesce(c.state_time, 0) FROM invoices i LEFT JOIN comment_counts c "
        "ON c.org_id = i.org_id AND c.invoice_id = i.invoice_id WHERE i.org_id = :org",
        kOfState ? " AND i.thread_state = :state" : "",
        kByNumber ? " AND i.number > :number ORDER BY i.number"
                  : " AND (i.activity_time, i.invoice_id) < (:time, :id) "
                    "ORDER BY i.activity_time DESC, i.invoice_id DESC",
        " LIMIT :limit"));
    list.exchange(soci::use(org_id));
    if constexpr (kOfState) list.exchange(soci::use(state));
    if constexpr (kByNumber) {
      list.exchange(soci::use(after.number));
    } else {
      list.exchange(soci::use(after.activity_time));
      list.exchange(soci::use(after.invoice_id));
    }
    list.exchange(soci::use(limit));
    list.exchange(soci::into(summary.invoice_id));
    list.exchange(soci::into(summary.number));
    list.exchange(soci::into(summary.customer_name));
    list.exchange(soci::into(summary.total));
    list.exchange(soci::into(summary.currency));
    list.exchange(soci::into(status));
    list.exchange(soci::into(summary.version));
    list.exchange(soci::into(summary.due_date));
    list.exchange(soci::into(summary.activity_time));
    list.exchange(soci::into(comment_count));
    list.exchange(soci::into(last_comment_time));
    list.exchange(soci::into(last_author_name));
    list.exchange(soci::into(thread_state));
    list.exchange(soci::into(state_time));
    list.define_and_bind();
  }

  std::vector<InvoiceSummary> Run() {
    std::vector<InvoiceSummary> summaries;
    list.execute();
    while (list.fetch()) {
      summary.status = static_cast<InvoiceStatus>(status);
      summary.comments = MakeCommentCount(comment_count, last_comment_time, last_author_name,
                                          thread_state, state_time);
      summaries.push_back(summary);
    }
    return summaries;
  }

  std::string org_id;
  std::int64_t state = 0;
  SummaryList after;
  std::int64_t limit = 0;
  InvoiceSummary summary;
  std::int64_t status = 0;
  std::int64_t comment_count = 0;
  std::int64_t last_comment_time = 0;
  std::string last_author_name;
  std::int64_t thread_state = 0;
  std::int64_t state_time = 0;
  soci::statement list;
};

template <SummaryList::Order kOrder, bool kOfState>
std::vector<InvoiceSummary> RunList(Connection& connection, const std::string& org_id,
                                    const SummaryList& list, int limit) {
  auto& statement = connection.Prepared<ListStatement<kOrder, kOfState>>();
  statement.org_id = org_id;
  statement.state = static_cast<std::int64_t>(list.state);
  statement.after = list;
  statement.limit = limit;
  return statement.Run();
}

}  // namespace

std::vector<std::string> InvoiceStore::Schema() {
  return {
      "CREATE TABLE invoices ("
      "org_id TEXT NOT NULL, "
      "invoice_id TEXT NOT NULL, "
      "number TEXT {c_collation} NOT NULL, "
      "customer_name TEXT NOT NULL, "
      "customer_email TEXT NOT NULL, "
      "terms TEXT NOT NULL, "
      "due_date TEXT NOT NULL, "
      "currency TEXT NOT NULL, "
      "total BIGINT NOT NULL, "
      "status BIGINT NOT NULL, "
      "version BIGINT NOT NULL, "
      "etag TEXT NOT NULL, "
      "create_time BIGINT NOT NULL, "
      "create_seal TEXT NOT NULL, "
      "PRIMARY KEY (org_id, invoice_id)) {clustered}",
      "CREATE UNIQUE INDEX invoices_by_number ON invoices (org_id, number)",
      "CREATE TABLE invoice_lines ("
      "org_id TEXT NOT NULL, "
      "invoice_id TEXT NOT NULL, "
      "line_number BIGINT NOT NULL, "
      "description TEXT NOT NULL, "
      "quantity TEXT NOT NULL, "
      "amount BIGINT NOT NULL, "
      "PRIMARY KEY (org_id, invoice_id, line_number)) {clustered}"};
}

std::vector<std::string> InvoiceStore::ThreadStateSchema() {
  return {
      "ALTER TABLE invoices ADD COLUMN thread_state BIGINT NOT NULL DEFAULT 1",
      // When the thread was last written to, resolved or reopened. Before all of those stands,
      // newest first, what nobody has written to: create_time less 2^62.
      "ALTER TABLE invoices ADD COLUMN activity_time BIGINT NOT NULL DEFAULT 0",
      "UPDATE invoices SET activity_time = coalesce((SELECT c.last_comment_time FROM "
      "comment_counts c WHERE c.org_id = invoices.org_id AND c.invoice_id = invoices.invoice_id), "
      "create_time - 4611686018427387904)",
      // What a replica of the version before writes says nothing of it.
      "{postgres_only}CREATE FUNCTION place_invoice() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
      "NEW.activity_time := NEW.create_time - 4611686018427387904; RETURN NEW; END $$",
      "{postgres_only}CREATE TRIGGER place_invoice BEFORE INSERT ON invoices FOR EACH ROW "
      "WHEN (NEW.activity_time = 0) EXECUTE FUNCTION place_invoice()",
      "CREATE INDEX invoices_by_activity ON invoices (org_id, activity_time, invoice_id)",
      "CREATE INDEX invoices_by_state_and_number ON invoices (org_id, thread_state, number)",
      "CREATE INDEX invoices_by_state_and_activity ON invoices "
      "(org_id, thread_state, activity_time, invoice_id)"};
}

std::optional<Invoice> InvoiceStore::Find(Connection& connection, const std::string& org_id,
                                          const std::string& id_or_number) {
  auto& find = connection.Prepared<FindStatements>();
  find.row.org_id = org_id;
  find.key = id_or_number;
  if (!IsUuid(id_or_number)) {
    if (!find.by_number.execute(true)) return std::nullopt;
    find.key = find.row.invoice_id;
  }
  if (!find.by_id.execute(true)) return std::nullopt;
  Invoice invoice = find.row.Get();
  find.lines.execute();
  while (find.lines.fetch()) invoice.content.line_items.push_back(find.line);
  return invoice;
}

bool InvoiceStore::Insert(Connection& connection, const std::string& org_id, const Invoice& invoice,
                          const std::string& create_seal) {
  auto& write = connection.Prepared<WriteStatements>();
  write.row.Set(org_id, invoice);
  write.row.create_seal = create_seal;
  write.insert.execute(true);
  if (write.insert.get_affected_rows() != 1) return false;
  // Beside another invoicing system a thread may be older than its invoice here.
  write.meet_thread.execute(true);
  write.InsertLines(invoice);
  return true;
}

std::optional<std::string> InvoiceStore::FindCreateSeal(Connection& connection,
                                                        const std::string& org_id,
                                                        const std::string& invoice_id) {
  auto& find = connection.Prepared<FindStatements>();
  find.row.org_id = org_id;
  find.key = invoice_id;
  if (!find.seal_by_id.execute(true)) return std::nullopt;
  return find.row.create_seal;
}

bool InvoiceStore::Replace(Connection& connection, const std::string& org_id,
                           const Invoice& invoice, const std::string& old_etag) {
  auto& write = connection.Prepared<WriteStatements>();
  write.row.Set(org_id, invoice);
  write.old_etag = old_etag;
  write.update.execute(true);
  if (write.update.get_affected_rows() != 1) return false;
  write.clear_lines.execute(true);
  write.InsertLines(invoice);
  return true;
}

std::vector<InvoiceSummary> InvoiceStore::List(Connection& connection, const std::string& org_id,
                                               const SummaryList& list, int limit) {
  using Order = SummaryList::Order;
  const bool of_state = list.state != ThreadState::kUnknown;
  if (list.order == Order::kNumber) {
    return of_state ? RunList<Order::kNumber, true>(connection, org_id, list, limit)
                    : RunList<Order::kNumber, false>(connection, org_id, list, limit);
  }
  return of_state ? RunList<Order::kActivity, true>(connection, org_id, list, limit)
                  : RunList<Order::kActivity, false>(connection, org_id, list, limit);
}

}  // namespace marginalia
