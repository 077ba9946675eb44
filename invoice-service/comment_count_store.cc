#include "invoice-service/comment_count_store.h"

#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/storage/connection/row_insert.h"
#include "services/storage/connection/selected_rows.h"
#include "services/storage/connection/statement.h"
#include "services/storage/tenants.h"

namespace marginalia {
namespace {

// The snapshot's word counts whatever is stored.
constexpr char kReplace[] =
    "ON CONFLICT (org_id, invoice_id) DO UPDATE SET comment_count = excluded.comment_count, "
    "last_comment_time = excluded.last_comment_time, "
    "last_author_name = excluded.last_author_name, last_position = excluded.last_position, "
    "thread_state = excluded.thread_state, state_time = excluded.state_time, "
    "thread_revision = excluded.thread_revision";
// An event's does not: a thread's revision only grows, so a smaller one is an older one; an equal
// one is the same event again. The count goes down with a removal.
constexpr char kUnlessOlder[] = " WHERE excluded.thread_revision >= comment_counts.thread_revision";

struct CountRows {
  CountRows(Connection& connection, std::string_view conflict)
      : insert(connection,
               "INSERT INTO comment_counts (org_id, invoice_id, comment_count, last_comment_time, "
               "last_author_name, last_position, thread_state, state_time, thread_revision)",
               {RowInsert::kText, RowInsert::kText, RowInsert::kInteger, RowInsert::kInteger,
                RowInsert::kText, RowInsert::kInteger, RowInsert::kInteger, RowInsert::kInteger,
                RowInsert::kInteger},
               conflict) {}

  // No thread is among them twice, but each may have been among those before.
  void Write(std::span<const CountedThread> threads) {
    insert.WriteBefore();
    for (const CountedThread& thread : threads) {
      insert.Text(thread.org_id)
          .Text(thread.invoice_id)
          .Integer(thread.comment_count)
          .Integer(absl::ToUnixMicros(thread.last_comment_time))
          .Text(thread.last_author_name)
          .Integer(thread.position)
          .Integer(static_cast<std::int64_t>(thread.state))
          .Integer(absl::ToUnixMicros(thread.state_time))
          .Integer(thread.revision)
          .EndRow();
    }
  }

  RowInsert insert;
};

struct AppliedRows : CountRows {
  explicit AppliedRows(Connection& connection)
      : CountRows(connection, absl::StrCat(kReplace, kUnlessOlder)) {}
};
struct RepairedRows : CountRows {
  explicit RepairedRows(Connection& connection) : CountRows(connection, kReplace) {}
};

// The rows behind a key, of all tenants, in the order of their keys.
struct RangeStatement {
  explicit RangeStatement(Connection& connection)
      : statement(connection,
                  "SELECT c.org_id, c.invoice_id, c.comment_count, c.last_comment_time, "
                  "c.last_author_name, c.last_position, c.thread_state, c.state_time, "
                  "c.thread_revision, (SELECT count(*) FROM invoices i "
                  "WHERE i.org_id = c.org_id AND i.invoice_id = c.invoice_id "
                  "AND (i.thread_state <> c.thread_state OR i.activity_time <> CASE WHEN "
                  "c.state_time > c.last_comment_time THEN c.state_time "
                  "ELSE c.last_comment_time END)) FROM comment_counts c "
                  "WHERE (c.org_id, c.invoice_id) > (:org, :invoice) "
                  "ORDER BY c.org_id, c.invoice_id LIMIT :limit",
                  soci::into(row.org_id), soci::into(row.invoice_id), soci::into(row.comment_count),
                  soci::into(last_comment_time), soci::into(row.last_author_name),
                  soci::into(row.position), soci::into(state), soci::into(state_time),
                  soci::into(row.revision), soci::into(misplaced)) {}

  CountedThread row;
  std::int64_t last_comment_time = 0;  // microseconds since 1970
  std::int64_t state = 0;
  std::int64_t state_time = 0;  // microseconds since 1970
  std::int64_t misplaced = 0;
  StatementWith<std::string, std::string, std::int64_t> statement;
};

struct RemoveStatement {
  explicit RemoveStatement(Connection& connection)
      : remove(connection,
               "DELETE FROM comment_counts WHERE org_id = :org AND invoice_id = :invoice") {}

  StatementWith<std::string, std::string> remove;
};

struct FindStatement {
  explicit FindStatement(Connection& connection)
      : find(connection,
             "SELECT comment_count, last_comment_time, last_author_name, thread_state, "
             "state_time FROM comment_counts WHERE org_id = :org AND invoice_id = :id",
             soci::into(comment_count), soci::into(last_comment_time), soci::into(last_author_name),
             soci::into(state), soci::into(state_time)) {}

  std::int64_t comment_count = 0;
  std::int64_t last_comment_time = 0;  // microseconds since 1970
  std::string last_author_name;
  std::int64_t state = 0;
  std::int64_t state_time = 0;  // microseconds since 1970
  StatementWith<std::string, std::string> find;
};
}  // namespace

std::vector<std::string> CommentCountStore::Schema() {
  return {
      "CREATE TABLE comment_counts ("
      "org_id TEXT NOT NULL, "
      "invoice_id TEXT NOT NULL, "
      "comment_count BIGINT NOT NULL, "
      "last_comment_time BIGINT NOT NULL, "
      "last_author_name TEXT NOT NULL, "
      "last_position BIGINT NOT NULL, "
      "PRIMARY KEY (org_id, invoice_id)) {clustered}",
      "CREATE TABLE comment_counts_staged ("
      "run_id BIGINT NOT NULL, "
      "org_id TEXT NOT NULL, "
      "invoice_id TEXT NOT NULL, "
      "comment_count BIGINT NOT NULL, "
      "last_comment_time BIGINT NOT NULL, "
      "last_author_name TEXT NOT NULL, "
      "PRIMARY KEY (run_id, org_id, invoice_id)) {clustered}"};
}

std::vector<std::string> CommentCountStore::StagedByTenantSchema() {
  // Nothing is lost with the table: a run that finds its rows gone begins anew.
  return {"DROP TABLE comment_counts_staged",
          "CREATE TABLE comment_counts_staged ("
          "org_id TEXT NOT NULL, "
          "invoice_id TEXT NOT NULL, "
          "run_id BIGINT NOT NULL, "
          "comment_count BIGINT NOT NULL, "
          "last_comment_time BIGINT NOT NULL, "
          "last_author_name TEXT NOT NULL, "
          "PRIMARY KEY (org_id, invoice_id, run_id)) {clustered}"};
}

std::vector<std::string> CommentCountStore::KeysByBytesSchema() {
  // A column that a policy reads keeps its type: the wall comes down and up again.
  std::vector<std::string> statements = {"{postgres_only}DROP POLICY tenant ON comment_counts",
                                         "{postgres_only}DROP POLICY all_tenants ON comment_counts",
                                         "{postgres_only}ALTER TABLE comment_counts "
                                         "ALTER COLUMN org_id TYPE TEXT {c_collation}, ALTER "
                                         "COLUMN invoice_id TYPE TEXT {c_collation}"};
  for (std::string& statement : TenantWall({"comment_counts"})) {
    statements.push_back(std::move(statement));
  }
  return statements;
}

std::vector<std::string> CommentCountStore::ThreadStateSchema() {
  // Behind whatever writes a count, an older replica too: where an invoice stands in the lists.
  constexpr char kMove[] =
      "UPDATE invoices SET thread_state = NEW.thread_state, activity_time = CASE WHEN "
      "NEW.state_time > NEW.last_comment_time THEN NEW.state_time ELSE NEW.last_comment_time END "
      "WHERE org_id = NEW.org_id AND invoice_id = NEW.invoice_id;";
  constexpr char kMoveBack[] =
      "UPDATE invoices SET thread_state = 1, activity_time = create_time - 4611686018427387904 "
      "WHERE org_id = OLD.org_id AND invoice_id = OLD.invoice_id;";
  std::vector<std::string> statements = {
      "ALTER TABLE comment_counts ADD COLUMN thread_state BIGINT NOT NULL DEFAULT 1",
      "ALTER TABLE comment_counts ADD COLUMN state_time BIGINT NOT NULL DEFAULT 0",
      // An older replica writes 0, and so does not hold up what a newer one knows.
      "ALTER TABLE comment_counts ADD COLUMN thread_revision BIGINT NOT NULL DEFAULT 0",
      absl::StrCat("{postgres_only}CREATE FUNCTION move_invoice() RETURNS trigger LANGUAGE plpgsql "
                   "AS $$ BEGIN IF TG_OP = 'DELETE' THEN ",
                   kMoveBack, " ELSE ", kMove, " END IF; RETURN NULL; END $$"),
      "{postgres_only}CREATE TRIGGER move_invoice AFTER INSERT OR UPDATE OR DELETE ON "
      "comment_counts FOR EACH ROW EXECUTE FUNCTION move_invoice()"};
  for (const char* event : {"INSERT", "UPDATE"}) {
    statements.push_back(absl::StrCat("{sqlite_only}CREATE TRIGGER move_invoice_on_", event,
                                      " AFTER ", event, " ON comment_counts BEGIN ", kMove,
                                      " END"));
  }
  statements.push_back(
      absl::StrCat("{sqlite_only}CREATE TRIGGER move_invoice_on_DELETE AFTER DELETE ON "
                   "comment_counts BEGIN ",
                   kMoveBack, " END"));
  return statements;
}
CommentCount CommentCountStore::Find(Connection& connection, const std::string& org_id,
                                     const std::string& invoice_id) {
  auto& row = connection.Prepared<FindStatement>();
  if (!row.find.Run(org_id, invoice_id)) return {};
  return MakeCommentCount(row.comment_count, row.last_comment_time, row.last_author_name, row.state,
                          row.state_time);
}
void CommentCountStore::Apply(Connection& connection, std::span<const CountedThread> threads) {
  connection.Prepared<AppliedRows>().Write(threads);
}

void CommentCountStore::Repair(Connection& connection, std::span<const CountedThread> threads) {
  connection.Prepared<RepairedRows>().Write(threads);
}

std::vector<CountedThread> CommentCountStore::ReadBehind(Connection& connection,
                                                         std::string_view org_id,
                                                         std::string_view invoice_id) {
  return RowsOf<CountedThread>(
      connection.Prepared<RangeStatement>(),
      [](RangeStatement& each) {
        each.row.last_comment_time = absl::FromUnixMicros(each.last_comment_time);
        each.row.state = static_cast<ThreadState>(each.state);
        each.row.state_time = absl::FromUnixMicros(each.state_time);
        each.row.is_misplaced = each.misplaced != 0;
        return each.row;
      },
      org_id, invoice_id, kCountedRowsReadMax);
}

void CommentCountStore::Remove(Connection& connection, const CountedThread& thread) {
  auto& statement = connection.Prepared<RemoveStatement>();
  statement.remove.Run(thread.org_id, thread.invoice_id);
}

}  // namespace marginalia
