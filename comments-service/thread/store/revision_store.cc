#include "comments-service/thread/store/revision_store.h"

#include "services/storage/connection/row_insert.h"
#include "services/storage/connection/selected_rows.h"
#include "services/storage/connection/statement.h"

namespace marginalia {
namespace {

struct KeepStatement {
  explicit KeepStatement(Connection& connection)
      : statement(connection,
                  "INSERT INTO comment_revisions (org_id, position, revision, body,"
                  " body_salt, editor_id, editor_name, revision_time, event_position,"
                  " erased, mentions) SELECT org_id, position, revision, body, body_salt,"
                  " author_id, author_name,"
                  // Of one that has no revision yet: when it was edited before it was imported.
                  " CASE WHEN edit_time = 0 THEN create_time ELSE edit_time END, position, 0,"
                  " mentions FROM comments WHERE org_id = :org_id AND position = :position"
                  " ON CONFLICT DO NOTHING") {}

  StatementWith<std::string, std::int64_t> statement;
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
      : statement(connection,
                  "UPDATE comment_revisions SET body = '', body_salt = '', mentions = '',"
                  " erased = 1 WHERE org_id = :org_id AND position = :position") {}

  StatementWith<std::string, std::int64_t> statement;
};

struct MarkErasedStatement {
  explicit MarkErasedStatement(Connection& connection)
      : statement(connection,
                  "UPDATE comments SET erased = 1 WHERE org_id = :org_id"
                  " AND position >= :first AND position <= :last AND removal_time <> 0"
                  " AND EXISTS (SELECT 1 FROM comment_revisions r"
                  " WHERE r.org_id = comments.org_id AND r.position = comments.position"
                  " AND r.erased = 1)") {}

  StatementWith<std::string, std::int64_t, std::int64_t> statement;
};

struct SelectRevisionEvents {
  explicit SelectRevisionEvents(Connection& connection)
      : statement(connection,
                  "SELECT event_position FROM comment_revisions WHERE org_id = :org_id"
                  " AND position = :position ORDER BY revision",
                  soci::into(row)) {}

  std::int64_t row = 0;
  StatementWith<std::string, std::int64_t> statement;
};

struct SelectRevisions {
  explicit SelectRevisions(Connection& connection)
      : statement(connection,
                  "SELECT revision, body, editor_id, editor_name, revision_time, erased,"
                  " mentions FROM comment_revisions WHERE org_id = :org_id AND"
                  " position = :position AND revision > :revision ORDER BY revision LIMIT :limit",
                  soci::into(row.revision), soci::into(row.body), soci::into(row.editor.user_id),
                  soci::into(row.editor.display_name), soci::into(time), soci::into(erased),
                  soci::into(row.mentions)) {}

  Revision row;
  std::int64_t time = 0;
  std::int64_t erased = 0;
  StatementWith<std::string, std::int64_t, std::int64_t, std::int64_t> statement;
};

}  // namespace

void KeepCurrentRevision(Connection& connection, std::string_view org_id, std::int64_t position) {
  auto& keep = connection.Prepared<KeepStatement>();
  keep.statement.Run(org_id, position);
}

void EraseRevisions(Connection& connection, std::string_view org_id, std::int64_t position) {
  auto& erase = connection.Prepared<EraseStatement>();
  erase.statement.Run(org_id, position);
}

void MarkImportedErased(Connection& connection, std::string_view org_id, std::int64_t first,
                        std::int64_t last) {
  auto& mark = connection.Prepared<MarkErasedStatement>();
  mark.statement.Run(org_id, first, last);
}

std::vector<std::int64_t> RevisionEvents(Connection& connection, std::string_view org_id,
                                         std::int64_t position) {
  return RowsOf<std::int64_t>(connection.Prepared<SelectRevisionEvents>(), org_id, position);
}

void InsertRevision(Connection& connection, std::string_view org_id, std::int64_t position,
                    const Revision& revision, std::string_view salt, std::int64_t event_position) {
  connection.Prepared<RevisionRows>()
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

std::vector<Revision> ReadRevisions(Connection& connection, std::string_view org_id,
                                    std::int64_t position, std::int64_t revision, int limit) {
  return RowsOf<Revision>(
      connection.Prepared<SelectRevisions>(),
      [](SelectRevisions& each) {
        each.row.time = absl::FromUnixMicros(each.time);
        each.row.erased = each.erased != 0;
        return each.row;
      },
      org_id, position, revision, limit);
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

}  // namespace marginalia
