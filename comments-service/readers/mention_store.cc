#include "comments-service/readers/mention_store.h"

#include <string>

#include "services/storage/connection/row_insert.h"

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
      : statement((connection.sql().prepare << "DELETE FROM comment_mentions WHERE org_id = :org_id"
                                               " AND user_id = :user_id AND position = :position",
                   soci::use(org_id), soci::use(user_id), soci::use(position))) {}

  std::string org_id;
  std::string user_id;
  std::int64_t position = 0;
  soci::statement statement;
};

}  // namespace

void InsertMentions(Connection& connection, const MentioningComment& comment,
                    const std::vector<std::string_view>& user_ids) {
  for (const std::string_view user_id : user_ids) {
    connection.Held<MentionRows>()
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
    mention.org_id = comment.org_id;
    mention.user_id = user_id;
    mention.position = comment.position;
    mention.statement.execute(true);
  }
}

}  // namespace marginalia
