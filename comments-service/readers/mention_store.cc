#include "comments-service/readers/mention_store.h"

#include <string>

#include "services/storage/connection/row_insert.h"
#include "services/storage/connection/statement.h"

namespace marginalia {
namespace {

struct MentionRows {
  explicit MentionRows(Connection& connection)
      : insert(connection,
               "INSERT INTO comment_mentions (org_id, user_id, position, invoice_id, sequence)",
               {RowInsert::kText, RowInsert::kText, RowInsert::kInteger, RowInsert::kText,
                RowInsert::kInteger}) {}
  RowInsert insert;
};

struct DeleteMention {
  explicit DeleteMention(Connection& connection)
      : statement(connection,
                  "DELETE FROM comment_mentions WHERE org_id = :org_id"
                  " AND user_id = :user_id AND position = :position") {}

  StatementWith<std::string, std::string, std::int64_t> statement;
};

}  // namespace

void InsertMentions(Connection& connection, const MentioningComment& comment,
                    const std::vector<std::string_view>& user_ids) {
  for (const std::string_view user_id : user_ids) {
    connection.Prepared<MentionRows>()
        .insert.Text(comment.org_id)
        .Text(user_id)
        .Integer(comment.position)
        .Text(comment.invoice_id)
        .Integer(comment.sequence)
        .EndRow();
  }
}

void DeleteMentions(Connection& connection, const MentioningComment& comment,
                    const std::vector<std::string_view>& user_ids) {
  for (const std::string_view user_id : user_ids) {
    auto& mention = connection.Prepared<DeleteMention>();
    mention.statement.Run(comment.org_id, user_id, comment.position);
  }
}

}  // namespace marginalia
