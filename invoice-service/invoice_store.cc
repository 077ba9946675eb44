#include "invoice-service/invoice_store.h"

#include <cstdint>

#include "invoice-service/invoice_words.h"
#include "services/storage/connection/statement.h"
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

// As InvoiceRow, of what became of an invoice.
struct StatusChangeRow {
  std::int64_t status = 0;
  std::int64_t change_time = 0;  // microseconds since 1970
  std::string actor_id;
  std::string actor_name;

  void Set(const StatusChange& change) {
    status = static_cast<std::int64_t>(change.status);
    change_time = absl::ToUnixMicros(change.time);
    actor_id = change.actor_id;
    actor_name = change.actor_name;
  }

  StatusChange Get() const {
    return {static_cast<InvoiceStatus>(status), absl::FromUnixMicros(change_time), actor_id,
            actor_name};
  }
};

// An invoice's own row.
struct RowStatements {
  explicit RowStatements(Connection& connection)
      : by_id(connection,
              "SELECT invoice_id, number, customer_name, customer_email, terms, due_date, "
              "currency, total, status, version, etag, create_time "
              "FROM invoices WHERE org_id = :org AND invoice_id = :id",
              soci::use(row.org_id), soci::use(key), soci::into(row.invoice_id),
              soci::into(row.number), soci::into(row.customer_name), soci::into(row.customer_email),
              soci::into(row.terms), soci::into(row.due_date), soci::into(row.currency),
              soci::into(row.total), soci::into(row.status), soci::into(row.version),
              soci::into(row.etag), soci::into(row.create_time)),
        by_number(connection,
                  "SELECT invoice_id FROM invoices WHERE org_id = :org AND number = :number",
                  soci::use(row.org_id), soci::use(key), soci::into(row.invoice_id)),
        seal_by_id(connection,
                   "SELECT create_seal FROM invoices "
                   "WHERE org_id = :org AND invoice_id = :id",
                   soci::use(row.org_id), soci::use(key), soci::into(row.create_seal)) {}

  // Into the row. False: the tenant has no such invoice.
  bool Find(const std::string& org_id, const std::string& id_or_number) {
    row.org_id = org_id;
    key = id_or_number;
    if (!IsUuid(id_or_number)) {
      if (!by_number.Run()) return false;
      key = row.invoice_id;
    }
    return by_id.Run();
  }

  InvoiceRow row;
  std::string key;
  Statement by_id;
  Statement by_number;
  Statement seal_by_id;
};

// What belongs to it.
struct PartStatements {
  explicit PartStatements(Connection& connection)
      : lines(connection,
              "SELECT description, quantity, amount FROM invoice_lines "
              "WHERE org_id = :org AND invoice_id = :id ORDER BY line_number",
              soci::use(org_id), soci::use(invoice_id), soci::into(line.description),
              soci::into(line.quantity), soci::into(line.amount)),
        // No invoice comes back to a status, so they are in the order of time.
        status_changes(
            connection,
            "SELECT status, change_time, actor_id, actor_name FROM invoice_status_changes "
            "WHERE org_id = :org AND invoice_id = :id ORDER BY status",
            soci::use(org_id), soci::use(invoice_id), soci::into(change.status),
            soci::into(change.change_time), soci::into(change.actor_id),
            soci::into(change.actor_name)) {}

  std::string org_id;
  std::string invoice_id;
  LineItem line;
  StatusChangeRow change;
  Statement lines;
  Statement status_changes;
};

struct WriteStatements {
  explicit WriteStatements(Connection& connection)
      : insert(connection,
               "INSERT INTO invoices (org_id, invoice_id, number, customer_name, "
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
               soci::use(row.activity_time)),
        meet_thread(connection,
                    "UPDATE invoices SET thread_state = c.thread_state, activity_time = "
                    "CASE WHEN c.state_time > c.last_comment_time THEN c.state_time "
                    "ELSE c.last_comment_time END FROM comment_counts c "
                    "WHERE c.org_id = invoices.org_id "
                    "AND c.invoice_id = invoices.invoice_id "
                    "AND invoices.org_id = :org AND invoices.invoice_id = :id",
                    soci::use(row.org_id), soci::use(row.invoice_id)),
        update(connection,
               "UPDATE invoices SET customer_name = :name, customer_email = :email, "
               "terms = :terms, due_date = :due, currency = :currency, total = :total, "
               "status = :status, version = :version, etag = :etag "
               "WHERE org_id = :org AND invoice_id = :id AND etag = :old",
               soci::use(row.customer_name), soci::use(row.customer_email), soci::use(row.terms),
               soci::use(row.due_date), soci::use(row.currency), soci::use(row.total),
               soci::use(row.status), soci::use(row.version), soci::use(row.etag),
               soci::use(row.org_id), soci::use(row.invoice_id), soci::use(old_etag)),
        clear_lines(connection,
                    "DELETE FROM invoice_lines "
                    "WHERE org_id = :org AND invoice_id = :id",
                    soci::use(row.org_id), soci::use(row.invoice_id)),
        insert_line(connection,
                    "INSERT INTO invoice_lines (org_id, invoice_id, line_number, "
                    "description, quantity, amount) "
                    "VALUES (:org, :id, :line, :description, :quantity, :amount)",
                    soci::use(row.org_id), soci::use(row.invoice_id), soci::use(line_number),
                    soci::use(line.description), soci::use(line.quantity), soci::use(line.amount)),
        insert_status_change(connection,
                             "INSERT INTO invoice_status_changes (org_id, invoice_id, "
                             "status, change_time, actor_id, actor_name) "
                             "VALUES (:org, :id, :status, :time, :actor, :name)",
                             soci::use(row.org_id), soci::use(row.invoice_id),
                             soci::use(change.status), soci::use(change.change_time),
                             soci::use(change.actor_id), soci::use(change.actor_name)) {}

  void InsertLines(const Invoice& invoice) {
    for (line_number = 0; const LineItem& item : invoice.content.line_items) {
      ++line_number;
      line = item;
      insert_line.Run();
    }
  }

  InvoiceRow row;
  std::string old_etag;
  std::int64_t line_number = 0;
  StatusChangeRow change;
  LineItem line;
  Statement insert;
  Statement meet_thread;
  Statement update;
  Statement clear_lines;
  Statement insert_line;
  Statement insert_status_change;
};

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

std::vector<std::string> InvoiceStore::StatusSchema() {
  return {"CREATE INDEX invoices_by_status_and_number ON invoices (org_id, status, number)",
          "CREATE INDEX invoices_by_status_and_due_date ON invoices "
          "(org_id, status, due_date, invoice_id)"};
}

std::vector<std::string> InvoiceStore::StatusChangesSchema() {
  return {
      "CREATE TABLE invoice_status_changes ("
      "org_id TEXT NOT NULL, "
      "invoice_id TEXT NOT NULL, "
      "status BIGINT NOT NULL, "
      "change_time BIGINT NOT NULL, "
      "actor_id TEXT NOT NULL, "
      "actor_name TEXT NOT NULL, "
      "PRIMARY KEY (org_id, invoice_id, status)) {clustered}"};
}

std::optional<Invoice> InvoiceStore::Find(Connection& connection, const std::string& org_id,
                                          const std::string& id_or_number) {
  auto& stored = connection.Prepared<RowStatements>();
  if (!stored.Find(org_id, id_or_number)) return std::nullopt;
  Invoice invoice = stored.row.Get();
  auto& parts = connection.Prepared<PartStatements>();
  parts.org_id = org_id;
  parts.invoice_id = invoice.invoice_id;
  for (bool more = parts.lines.Run(); more; more = parts.lines.Fetch()) {
    invoice.content.line_items.push_back(parts.line);
  }
  for (bool more = parts.status_changes.Run(); more; more = parts.status_changes.Fetch()) {
    invoice.status_changes.push_back(parts.change.Get());
  }
  return invoice;
}

std::optional<InvoiceSummary> InvoiceStore::FindSummary(Connection& connection,
                                                        const std::string& org_id,
                                                        const std::string& id_or_number) {
  auto& stored = connection.Prepared<RowStatements>();
  if (!stored.Find(org_id, id_or_number)) return std::nullopt;
  return SummaryOf(stored.row.Get(), std::nullopt);
}

bool InvoiceStore::Insert(Connection& connection, const std::string& org_id, const Invoice& invoice,
                          const std::string& create_seal) {
  auto& write = connection.Prepared<WriteStatements>();
  write.row.Set(org_id, invoice);
  write.row.create_seal = create_seal;
  write.insert.Run();
  if (write.insert.affected_rows() != 1) return false;
  // Beside another invoicing system a thread may be older than its invoice here.
  write.meet_thread.Run();
  write.InsertLines(invoice);
  InvoiceWords::Write(connection, org_id, invoice);
  return true;
}

std::optional<std::string> InvoiceStore::FindCreateSeal(Connection& connection,
                                                        const std::string& org_id,
                                                        const std::string& invoice_id) {
  auto& stored = connection.Prepared<RowStatements>();
  stored.row.org_id = org_id;
  stored.key = invoice_id;
  if (!stored.seal_by_id.Run()) return std::nullopt;
  return stored.row.create_seal;
}

bool InvoiceStore::Replace(Connection& connection, const std::string& org_id,
                           const Invoice& invoice, const std::string& old_etag) {
  auto& write = connection.Prepared<WriteStatements>();
  write.row.Set(org_id, invoice);
  write.old_etag = old_etag;
  write.update.Run();
  if (write.update.affected_rows() != 1) return false;
  write.clear_lines.Run();
  write.InsertLines(invoice);
  InvoiceWords::Write(connection, org_id, invoice);
  // What has a status behind DRAFT changes by moving on to the next one, and by nothing else.
  if (invoice.status_changes.empty()) return true;
  write.change.Set(invoice.status_changes.back());
  write.insert_status_change.Run();
  return true;
}

}  // namespace marginalia
