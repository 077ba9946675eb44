#include "comments-service/thread/store/change_store.h"

#include "absl/strings/str_cat.h"
#include "comments-service/audit/short_entry.h"
#include "comments-service/record/commitment.h"
#include "comments-service/thread/wire/comment_wire.h"
#include "services/storage/connection/row_insert.h"
#include "services/storage/connection/statement.h"

namespace marginalia {
namespace {

struct SelectAddition {
  explicit SelectAddition(Connection& connection)
      : statement(connection,
                  "SELECT action, reason, content_commitment, name_salt, format"
                  " FROM audit_entries WHERE org_id = :org_id AND position = :position",
                  soci::into(action), soci::into(reason), soci::into(content), soci::into(salts),
                  soci::into(format)) {}

  std::string action;
  std::string reason;
  std::string content;
  std::string salts;
  std::int64_t format = 0;
  StatementWith<std::string, std::int64_t> statement;
};

// The conditions of the index of the threads' changes stand here word for word, so that both
// databases take it.
struct SelectClosing {
  explicit SelectClosing(Connection& connection)
      : statement(connection,
                  "SELECT reason, name_salt FROM audit_entries WHERE org_id = :org_id"
                  " AND invoice_id = :invoice_id AND action <> 'comment.added'"
                  " AND action <> 'comment.imported' AND action = 'thread.resolved'"
                  " AND substr(reason, 1, length(CAST(:begin AS TEXT))) = :begin2"
                  " ORDER BY position LIMIT 1",
                  soci::into(reason), soci::into(salts)) {}

  std::string reason;
  std::string salts;
  StatementWith<std::string, std::string, std::string, std::string> statement;
};

// As above.
struct SelectStateBefore {
  explicit SelectStateBefore(Connection& connection)
      : statement(connection,
                  "SELECT action FROM audit_entries WHERE org_id = :org_id"
                  " AND invoice_id = :invoice_id AND action <> 'comment.added'"
                  " AND action <> 'comment.imported' AND position < :position"
                  " AND action IN ('thread.resolved', 'thread.reopened')"
                  " ORDER BY position DESC LIMIT 1",
                  soci::into(action)) {}

  std::string action;
  StatementWith<std::string, std::string, std::int64_t> statement;
};

struct UpdateStatement {
  explicit UpdateStatement(Connection& connection)
      : statement(connection, (connection.kind() == DatabaseKind::kPostgres
                                   ? "UPDATE comments SET body = :body,"
                                     " body_salt = CAST(:salt AS BYTEA), revision = :revision,"
                                     " edit_time = :edited, removal_time = :removed,"
                                     " remover_id = :remover, remover_name = :name,"
                                     " removal_reason = :reason, erased = :erased,"
                                     " change_position = :changed, mentions = :mentions"
                                     " WHERE org_id = :org_id AND position = :position"
                                   : "UPDATE comments SET body = :body, body_salt = :salt,"
                                     " revision = :revision, edit_time = :edited,"
                                     " removal_time = :removed, remover_id = :remover,"
                                     " remover_name = :name, removal_reason = :reason,"
                                     " erased = :erased, change_position = :changed,"
                                     " mentions = :mentions"
                                     " WHERE org_id = :org_id AND position = :position")) {}

  StatementWith<std::string, std::string, std::int64_t, std::int64_t, std::int64_t, std::string,
                std::string, std::string, std::int64_t, std::int64_t, std::string, std::string,
                std::int64_t>
      statement;
};

struct ThreadStateRows {
  explicit ThreadStateRows(Connection& connection)
      : insert(connection,
               "INSERT INTO threads (org_id, invoice_id, change_count, removed_count, resolved, "
               "state_time, state_actor_id, state_actor_name)",
               {RowInsert::kText, RowInsert::kText, RowInsert::kInteger, RowInsert::kInteger,
                RowInsert::kInteger, RowInsert::kInteger, RowInsert::kText, RowInsert::kText},
               "ON CONFLICT (org_id, invoice_id) DO UPDATE SET"
               " change_count = excluded.change_count, removed_count = excluded.removed_count,"
               " resolved = excluded.resolved, state_time = excluded.state_time,"
               " state_actor_id = excluded.state_actor_id,"
               " state_actor_name = excluded.state_actor_name") {}
  RowInsert insert;
};

struct SelectChange {
  explicit SelectChange(Connection& connection)
      : statement(connection,
                  absl::StrCat("SELECT a.position, a.action, a.actor_id, a.invoice_id,"
                               " a.comment_id, a.revision, a.reason, a.number, ",
                               EntryHashOf(connection.kind(), "a"),
                               ", i.comment_position"
                               " FROM change_ids i JOIN audit_entries a ON a.org_id = i.org_id"
                               " AND a.position = i.position WHERE i.org_id = :org_id"
                               " AND i.id_high = :id_high AND i.id_low = :id_low"),
                  soci::into(row.position), soci::into(row.action), soci::into(row.actor_id),
                  soci::into(row.invoice_id), soci::into(row.comment_id), soci::into(row.revision),
                  soci::into(row.reason), soci::into(row.number), soci::into(row.hash),
                  soci::into(row.comment_position)) {}

  StoredChange row;
  StatementWith<std::string, std::int64_t, std::int64_t> statement;
};

struct ChangeIdRows {
  explicit ChangeIdRows(Connection& connection)
      : insert(connection,
               "INSERT INTO change_ids (org_id, id_high, id_low, position, comment_position)",
               {RowInsert::kText, RowInsert::kInteger, RowInsert::kInteger, RowInsert::kInteger,
                RowInsert::kInteger}) {}
  RowInsert insert;
};

}  // namespace

void UpdateComment(Connection& connection, std::string_view org_id, std::int64_t position,
                   const Comment& comment, std::string_view body_salt,
                   std::int64_t change_position) {
  const CommentView view = ViewOf(comment);
  connection.Prepared<UpdateStatement>().statement.Run(
      view.body, connection.ToColumn(body_salt), view.revision, view.edit_micros,
      view.removal_micros, view.remover_id, view.remover_name, view.removal_reason,
      view.erased ? 1 : 0, change_position, view.mentions, org_id, position);
}

std::optional<StoredAddition> FindAddition(Connection& connection, std::string_view org_id,
                                           std::int64_t position) {
  auto& select = connection.Prepared<SelectAddition>();
  if (!select.statement.Run(org_id, position)) return std::nullopt;
  StoredAddition addition{
      .reason = select.reason,
      .has_content = !connection.FromColumn(std::string(select.content)).empty()};
  AuditEntry entry;
  entry.format = static_cast<int>(select.format);
  entry.action = select.action;
  entry.reason = select.reason;
  const auto origin =
      ImportedOriginOf(entry, EntrySaltsOf(connection.FromColumn(select.salts)).reason);
  if (origin && origin->removal) addition.remover_name = origin->removal->actor_name;
  return addition;
}

std::optional<RecordedName> FindClosing(Connection& connection, std::string_view org_id,
                                        std::string_view invoice_id, absl::Time time,
                                        std::string_view actor_id) {
  auto& select = connection.Prepared<SelectClosing>();
  // A thread is closed by imports at one time once, so there is one at most.
  const std::string begin = ImportedClosingPrefix(time, actor_id);
  if (!select.statement.Run(org_id, invoice_id, begin, begin)) return std::nullopt;
  AuditEntry entry;
  entry.format = 2;
  entry.action = std::string(kActionResolved);
  entry.reason = select.reason;
  const auto closing =
      ImportedClosingOf(entry, EntrySaltsOf(connection.FromColumn(select.salts)).reason);
  return closing ? std::optional(closing->actor_name) : std::nullopt;
}

bool WasResolvedBefore(Connection& connection, std::string_view org_id, std::string_view invoice_id,
                       std::int64_t position) {
  auto& select = connection.Prepared<SelectStateBefore>();
  return select.statement.Run(org_id, invoice_id, position) && select.action == kActionResolved;
}

void StoreThread(Connection& connection, std::string_view org_id, std::string_view invoice_id,
                 const Thread& thread) {
  const bool ever = thread.state_time != absl::InfinitePast();
  // Of several changes of a group each is written before the next: a statement must not meet one
  // row twice.
  connection.Prepared<ThreadStateRows>()
      .insert.WriteBefore()
      .Text(org_id)
      .Text(invoice_id)
      .Integer(thread.change_count)
      .Integer(thread.removed_count)
      .Integer(thread.resolved ? 1 : 0)
      .Integer(ever ? absl::ToUnixMicros(thread.state_time) : 0)
      .Text(thread.state_actor.user_id)
      .Text(thread.state_actor.display_name)
      .EndRow();
}

std::optional<StoredChange> FindChange(Connection& connection, std::string_view org_id,
                                       std::string_view change_id) {
  auto& select = connection.Prepared<SelectChange>();
  const UuidHalves id = HalvesOf(change_id);
  if (!select.statement.Run(org_id, id.high, id.low)) return std::nullopt;
  return select.row;
}

void InsertChangeId(Connection& connection, std::string_view org_id, std::string_view change_id,
                    std::int64_t position, std::int64_t comment_position) {
  const UuidHalves id = HalvesOf(change_id);
  connection.Prepared<ChangeIdRows>()
      .insert.Text(org_id)
      .Integer(id.high)
      .Integer(id.low)
      .Integer(position)
      .Integer(comment_position)
      .EndRow();
}

}  // namespace marginalia
