#include "comments-service/thread/change_store.h"

#include "comments-service/record/commitment.h"
#include "comments-service/thread/comment_wire.h"
#include "services/storage/connection/row_insert.h"

namespace marginalia {
namespace {

struct KeepStatement {
  explicit KeepStatement(Connection& connection)
      : statement(
            (connection.sql().prepare
                 << "INSERT INTO comment_revisions (org_id, position, revision, body,"
                    " body_salt, editor_id, editor_name, revision_time, event_position,"
                    " erased, mentions) SELECT org_id, position, revision, body, body_salt,"
                    " author_id, author_name,"
                    // Of one that has no revision yet: when it was edited before it was imported.
                    " CASE WHEN edit_time = 0 THEN create_time ELSE edit_time END, position, 0,"
                    " mentions FROM comments WHERE org_id = :org_id AND position = :position"
                    " ON CONFLICT DO NOTHING",
             soci::use(org_id), soci::use(position))) {}

  std::string org_id;
  std::int64_t position = 0;
  soci::statement statement;
};

struct RevisionRows {
  explicit RevisionRows(Connection& connection)
      : insert(connection,
               "INSERT INTO comment_revisions (org_id, position, revision, body, body_salt, "
               "editor_id, editor_name, revision_time, event_position, erased, mentions)",
               {RowInsert::kText, RowInsert::kInteger, RowInsert::kInteger, RowInsert::kText,
                RowInsert::kBytes, RowInsert::kText, RowInsert::kText, RowInsert::kInteger,
                RowInsert::kInteger, RowInsert::kInteger, RowInsert::kText}) {}
  RowInsert insert;
};

struct EraseStatement {
  explicit EraseStatement(Connection& connection)
      : statement((connection.sql().prepare
                       << "UPDATE comment_revisions SET body = '', body_salt = '', mentions = '',"
                          " erased = 1 WHERE org_id = :org_id AND position = :position",
                   soci::use(org_id), soci::use(position))) {}

  std::string org_id;
  std::int64_t position = 0;
  soci::statement statement;
};

struct MarkErasedStatement {
  explicit MarkErasedStatement(Connection& connection)
      : statement((connection.sql().prepare
                       << "UPDATE comments SET erased = 1 WHERE org_id = :org_id"
                          " AND position >= :first AND position <= :last AND removal_time <> 0"
                          " AND EXISTS (SELECT 1 FROM comment_revisions r"
                          " WHERE r.org_id = comments.org_id AND r.position = comments.position"
                          " AND r.erased = 1)",
                   soci::use(org_id), soci::use(first), soci::use(last))) {}

  std::string org_id;
  std::int64_t first = 0;
  std::int64_t last = 0;
  soci::statement statement;
};

struct SelectAddition {
  explicit SelectAddition(Connection& connection)
      : statement((connection.sql().prepare
                       << "SELECT action, reason, content_commitment, name_salt, format"
                          " FROM audit_entries WHERE org_id = :org_id AND position = :position",
                   soci::use(org_id), soci::use(position), soci::into(action), soci::into(reason),
                   soci::into(content), soci::into(salts), soci::into(format))) {}

  std::string org_id;
  std::int64_t position = 0;
  std::string action;
  std::string reason;
  std::string content;
  std::string salts;
  std::int64_t format = 0;
  soci::statement statement;
};

// The conditions of the index of the threads' changes stand here word for word, so that both
// databases take it.
struct SelectClosing {
  explicit SelectClosing(Connection& connection)
      : statement((connection.sql().prepare
                       << "SELECT reason, name_salt FROM audit_entries WHERE org_id = :org_id"
                          " AND invoice_id = :invoice_id AND action <> 'comment.added'"
                          " AND action <> 'comment.imported' AND action = 'thread.resolved'"
                          " AND substr(reason, 1, length(CAST(:begin AS TEXT))) = :begin2"
                          " ORDER BY position LIMIT 1",
                   soci::use(org_id), soci::use(invoice_id), soci::use(begin), soci::use(begin),
                   soci::into(reason), soci::into(salts))) {}

  std::string org_id;
  std::string invoice_id;
  std::string begin;
  std::string reason;
  std::string salts;
  soci::statement statement;
};

// As above.
struct SelectStateBefore {
  explicit SelectStateBefore(Connection& connection)
      : statement((connection.sql().prepare
                       << "SELECT action FROM audit_entries WHERE org_id = :org_id"
                          " AND invoice_id = :invoice_id AND action <> 'comment.added'"
                          " AND action <> 'comment.imported' AND position < :position"
                          " AND action IN ('thread.resolved', 'thread.reopened')"
                          " ORDER BY position DESC LIMIT 1",
                   soci::use(org_id), soci::use(invoice_id), soci::use(position),
                   soci::into(action))) {}

  std::string org_id;
  std::string invoice_id;
  std::int64_t position = 0;
  std::string action;
  soci::statement statement;
};

struct SelectRevisionEvents {
  explicit SelectRevisionEvents(Connection& connection)
      : statement((connection.sql().prepare
                       << "SELECT event_position FROM comment_revisions WHERE org_id = :org_id"
                          " AND position = :position ORDER BY revision",
                   soci::use(org_id), soci::use(position), soci::into(event_position))) {}

  std::string org_id;
  std::int64_t position = 0;
  std::int64_t event_position = 0;
  soci::statement statement;
};

struct UpdateStatement {
  explicit UpdateStatement(Connection& connection)
      : statement((connection.sql().prepare
                       << (connection.kind() == DatabaseKind::kPostgres
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
                                 " WHERE org_id = :org_id AND position = :position"),
                   soci::use(body), soci::use(salt), soci::use(revision), soci::use(edited),
                   soci::use(removed), soci::use(remover_id), soci::use(remover_name),
                   soci::use(reason), soci::use(erased), soci::use(changed), soci::use(mentions),
                   soci::use(org_id), soci::use(position))) {}

  std::string body;
  std::string salt;
  std::int64_t revision = 0;
  std::int64_t edited = 0;
  std::int64_t removed = 0;
  std::string remover_id;
  std::string remover_name;
  std::string reason;
  std::int64_t erased = 0;
  std::int64_t changed = 0;
  std::string mentions;
  std::string org_id;
  std::int64_t position = 0;
  soci::statement statement;
};

struct SelectRevisions {
  explicit SelectRevisions(Connection& connection)
      : statement((connection.sql().prepare
                       << "SELECT revision, body, editor_id, editor_name, revision_time, erased,"
                          " mentions FROM comment_revisions WHERE org_id = :org_id AND position = "
                          ":position"
                          " AND revision > :revision ORDER BY revision LIMIT :limit",
                   soci::use(org_id), soci::use(position), soci::use(after), soci::use(limit),
                   soci::into(row.revision), soci::into(row.body), soci::into(row.editor.user_id),
                   soci::into(row.editor.display_name), soci::into(time), soci::into(erased),
                   soci::into(row.mentions))) {}

  std::string org_id;
  std::int64_t position = 0;
  std::int64_t after = 0;
  std::int64_t limit = 0;
  Revision row;
  std::int64_t time = 0;
  std::int64_t erased = 0;
  soci::statement statement;
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
      : statement((connection.sql().prepare
                       << "SELECT a.position, a.action, a.actor_id, a.invoice_id, a.comment_id,"
                          " a.revision, a.reason, a.number, a.hash, i.comment_position"
                          " FROM change_ids i JOIN audit_entries a ON a.org_id = i.org_id"
                          " AND a.position = i.position WHERE i.org_id = :org_id"
                          " AND i.id_high = :id_high AND i.id_low = :id_low",
                   soci::use(org_id), soci::use(id.high), soci::use(id.low),
                   soci::into(row.position), soci::into(row.action), soci::into(row.actor_id),
                   soci::into(row.invoice_id), soci::into(row.comment_id), soci::into(row.revision),
                   soci::into(row.reason), soci::into(row.number), soci::into(row.hash),
                   soci::into(row.comment_position))) {}

  std::string org_id;
  UuidHalves id;
  StoredChange row;
  soci::statement statement;
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

void KeepCurrentRevision(Connection& connection, std::string_view org_id, std::int64_t position) {
  auto& keep = connection.Prepared<KeepStatement>();
  keep.org_id = org_id;
  keep.position = position;
  keep.statement.execute(true);
}

void EraseRevisions(Connection& connection, std::string_view org_id, std::int64_t position) {
  auto& erase = connection.Prepared<EraseStatement>();
  erase.org_id = org_id;
  erase.position = position;
  erase.statement.execute(true);
}

void MarkImportedErased(Connection& connection, std::string_view org_id, std::int64_t first,
                        std::int64_t last) {
  auto& mark = connection.Prepared<MarkErasedStatement>();
  mark.org_id = org_id;
  mark.first = first;
  mark.last = last;
  mark.statement.execute(true);
}

std::vector<std::int64_t> RevisionEvents(Connection& connection, std::string_view org_id,
                                         std::int64_t position) {
  auto& select = connection.Prepared<SelectRevisionEvents>();
  select.org_id = org_id;
  select.position = position;
  std::vector<std::int64_t> positions;
  for (bool more = select.statement.execute(true); more; more = select.statement.fetch()) {
    positions.push_back(select.event_position);
  }
  return positions;
}

void InsertRevision(Connection& connection, std::string_view org_id, std::int64_t position,
                    const Revision& revision, std::string_view salt, std::int64_t event_position) {
  connection.Held<RevisionRows>()
      .insert.Text(org_id)
      .Integer(position)
      .Integer(revision.revision)
      .Text(revision.body)
      .Bytes(salt)
      .Text(revision.editor.user_id)
      .Text(revision.editor.display_name)
      .Integer(absl::ToUnixMicros(revision.time))
      .Integer(event_position)
      .Integer(revision.erased ? 1 : 0)
      .Text(revision.mentions)
      .EndRow();
}

void UpdateComment(Connection& connection, std::string_view org_id, std::int64_t position,
                   const Comment& comment, std::string_view body_salt,
                   std::int64_t change_position) {
  const CommentView view = ViewOf(comment);
  auto& update = connection.Prepared<UpdateStatement>();
  update.body = view.body;
  update.salt = connection.ToColumn(body_salt);
  update.revision = view.revision;
  update.edited = view.edit_micros;
  update.removed = view.removal_micros;
  update.remover_id = view.remover_id;
  update.remover_name = view.remover_name;
  update.reason = view.removal_reason;
  update.erased = view.erased ? 1 : 0;
  update.changed = change_position;
  update.mentions = view.mentions;
  update.org_id = org_id;
  update.position = position;
  update.statement.execute(true);
}

std::vector<Revision> ReadRevisions(Connection& connection, std::string_view org_id,
                                    std::int64_t position, std::int64_t revision, int limit) {
  auto& select = connection.Prepared<SelectRevisions>();
  select.org_id = org_id;
  select.position = position;
  select.after = revision;
  select.limit = limit;
  std::vector<Revision> revisions;
  for (bool more = select.statement.execute(true); more; more = select.statement.fetch()) {
    revisions.push_back(select.row);
    revisions.back().time = absl::FromUnixMicros(select.time);
    revisions.back().erased = select.erased != 0;
  }
  return revisions;
}

std::optional<StoredAddition> FindAddition(Connection& connection, std::string_view org_id,
                                           std::int64_t position) {
  auto& select = connection.Prepared<SelectAddition>();
  select.org_id = org_id;
  select.position = position;
  if (!select.statement.execute(true)) return std::nullopt;
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
  select.org_id = org_id;
  select.invoice_id = invoice_id;
  // A thread is closed by imports at one time once, so there is one at most.
  select.begin = ImportedClosingPrefix(time, actor_id);
  if (!select.statement.execute(true)) return std::nullopt;
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
  select.org_id = org_id;
  select.invoice_id = invoice_id;
  select.position = position;
  return select.statement.execute(true) && select.action == kActionResolved;
}

std::optional<Revision> FindRevision(Connection& connection, std::string_view org_id,
                                     std::int64_t position, std::int64_t revision) {
  std::vector<Revision> found = ReadRevisions(connection, org_id, position, revision - 1, 1);
  if (found.empty() || found.front().revision != revision) return std::nullopt;
  return std::move(found.front());
}

Comment AsFirstSaid(Connection& connection, std::string_view org_id, const StoredComment& stored) {
  Comment first = stored.comment;
  if (first.revision == 1 && !first.removal) return first;
  const std::vector<Revision> kept = ReadRevisions(connection, org_id, stored.position, 0, 1);
  if (!kept.empty()) {
    first.body = kept.front().body;
    first.mentions = kept.front().mentions;
  }
  return first;
}

void StoreThread(Connection& connection, std::string_view org_id, std::string_view invoice_id,
                 const Thread& thread) {
  const bool ever = thread.state_time != absl::InfinitePast();
  // Of several changes of a group each is written before the next: a statement must not meet one
  // row twice.
  connection.sql();
  connection.Held<ThreadStateRows>()
      .insert.Text(org_id)
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
  select.org_id = org_id;
  select.id = HalvesOf(change_id);
  if (!select.statement.execute(true)) return std::nullopt;
  return select.row;
}

void InsertChangeId(Connection& connection, std::string_view org_id, std::string_view change_id,
                    std::int64_t position, std::int64_t comment_position) {
  const UuidHalves id = HalvesOf(change_id);
  connection.Held<ChangeIdRows>()
      .insert.Text(org_id)
      .Integer(id.high)
      .Integer(id.low)
      .Integer(position)
      .Integer(comment_position)
      .EndRow();
}

}  // namespace marginalia
