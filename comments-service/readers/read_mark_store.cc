#include "comments-service/readers/read_mark_store.h"

#include "absl/strings/str_cat.h"
#include "services/storage/connection/selected_rows.h"
#include "services/storage/connection/statement.h"
#include "services/text/json_string.h"

namespace marginalia {
namespace {

// The ids come as a JSON array, numbered from 0 or from 1. All else is looked up by whole keys, in
// subqueries of their own, which PostgreSQL cannot turn into going through a tenant's comments; and
// where the newest places begin is one bound, so that SQLite cannot go through all that is unread.
struct SelectReadStates {
  explicit SelectReadStates(Connection& connection)
      : statement(
            connection,
            absl::StrCat(
                "WITH s AS MATERIALIZED (SELECT k.number AS number, k.invoice_id AS invoice_id,"
                " coalesce((SELECT r.sequence FROM read_marks r WHERE r.org_id = :org_1"
                " AND r.user_id = :user_1 AND r.invoice_id = k.invoice_id), 0) AS mark,"
                " coalesce((SELECT n.sequence FROM thread_comments n WHERE n.org_id = :org_2"
                " AND n.invoice_id = k.invoice_id ORDER BY n.sequence DESC LIMIT 1), 0) AS newest"
                " FROM",
                connection.kind() == DatabaseKind::kPostgres
                    ? " json_array_elements_text(CAST(:ids AS JSON)) WITH ORDINALITY"
                      " AS k (invoice_id, number))"
                    : " (SELECT value AS invoice_id, key AS number FROM json_each(:ids)) AS k)",
                " SELECT s.invoice_id, s.mark, s.newest,"
                " (SELECT count((SELECT 1 FROM comments c WHERE c.org_id = :org_3"
                " AND c.position = p.position AND c.author_id <> :user_2"
                " AND c.removal_time = 0)) FROM thread_comments p WHERE p.org_id = :org_4"
                " AND p.invoice_id = s.invoice_id AND p.sequence > CASE WHEN s.mark > s.newest - ",
                kUnreadPlacesMax, " THEN s.mark ELSE s.newest - ", kUnreadPlacesMax, " END),",
                " (SELECT count(*) FROM (SELECT 1 FROM comment_mentions m WHERE m.org_id = :org_5"
                " AND m.user_id = :user_3 AND m.invoice_id = s.invoice_id"
                " AND m.sequence > s.mark LIMIT 1) AS first) FROM s ORDER BY s.number"),
            soci::use(org_id), soci::use(user_id), soci::use(org_id), soci::use(invoice_ids),
            soci::use(org_id), soci::use(user_id), soci::use(org_id), soci::use(org_id),
            soci::use(user_id), soci::into(row.invoice_id), soci::into(row.read_sequence),
            soci::into(row.newest_sequence), soci::into(row.unread_count), soci::into(mentioned)) {}

  std::string org_id;
  std::string user_id;
  std::string invoice_ids;
  ReadState row;
  std::int64_t mentioned = 0;
  Statement statement;
};

struct RaiseMark {
  explicit RaiseMark(Connection& connection)
      : statement(connection,
                  "INSERT INTO read_marks (org_id, user_id, invoice_id, sequence)"
                  " VALUES (:org_id, :user_id, :invoice_id, :sequence)"
                  " ON CONFLICT (org_id, user_id, invoice_id) DO UPDATE"
                  " SET sequence = excluded.sequence"
                  " WHERE read_marks.sequence < excluded.sequence") {}

  StatementWith<std::string, std::string, std::string, std::int64_t> statement;
};

}  // namespace

std::vector<ReadState> ReadReadStates(Connection& connection, std::string_view org_id,
                                      std::string_view user_id,
                                      const std::vector<std::string>& invoice_ids) {
  auto& select = connection.Prepared<SelectReadStates>();
  select.org_id = org_id;
  select.user_id = user_id;
  select.invoice_ids.clear();
  for (const std::string& invoice_id : invoice_ids) {
    select.invoice_ids += select.invoice_ids.empty() ? '[' : ',';
    AppendJsonString(select.invoice_ids, invoice_id);
  }
  select.invoice_ids += invoice_ids.empty() ? "[]" : "]";
  return RowsOf<ReadState>(select, [](SelectReadStates& each) {
    each.row.mentioned = each.mentioned != 0;
    return each.row;
  });
}

void RaiseReadMark(Connection& connection, std::string_view org_id, std::string_view user_id,
                   std::string_view invoice_id, std::int64_t sequence) {
  auto& raise = connection.Prepared<RaiseMark>();
  raise.statement.Run(org_id, user_id, invoice_id, sequence);
}

}  // namespace marginalia
