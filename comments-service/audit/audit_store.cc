#include "comments-service/audit/audit_store.h"

#include <cstddef>
#include <utility>

#include "absl/strings/escaping.h"

namespace marginalia {
namespace {

// Column by column, as SOCI reads several rows at once.
struct EntryRows {
  std::vector<std::int64_t> positions;
  std::vector<std::string> actor_ids;
  std::vector<std::string> actor_names;
  std::vector<std::string> actions;
  std::vector<std::string> invoice_ids;
  std::vector<std::string> comment_ids;
  std::vector<std::string> request_ids;
  std::vector<std::int64_t> create_times;
  std::vector<std::string> hashes;
  std::vector<std::int64_t> formats;
  std::vector<std::int64_t> numbers;
  std::vector<std::string> name_commitments;
  std::vector<std::int64_t> revisions;
  std::vector<std::string> content_commitments;
  std::vector<std::string> reasons;

  explicit EntryRows(std::size_t size) { Resize(size); }
  void Resize(std::size_t size) {
    positions.resize(size);
    actor_ids.resize(size);
    actor_names.resize(size);
    actions.resize(size);
    invoice_ids.resize(size);
    comment_ids.resize(size);
    request_ids.resize(size);
    create_times.resize(size);
    hashes.resize(size);
    formats.resize(size);
    numbers.resize(size);
    name_commitments.resize(size);
    revisions.resize(size);
    content_commitments.resize(size);
    reasons.resize(size);
  }
};

struct SelectEntries {
  explicit SelectEntries(Connection& connection)
      : statement(
            (connection.sql().prepare
                 << "SELECT position, actor_id, actor_name, action, invoice_id, comment_id,"
                    " request_id, create_time, hash, format, number, name_commitment, revision,"
                    " content_commitment, reason FROM audit_entries"
                    " WHERE org_id = :org_id AND position > :position"
                    " ORDER BY position LIMIT :limit",
             soci::use(org_id), soci::use(position), soci::use(limit), soci::into(rows.positions),
             soci::into(rows.actor_ids), soci::into(rows.actor_names), soci::into(rows.actions),
             soci::into(rows.invoice_ids), soci::into(rows.comment_ids),
             soci::into(rows.request_ids), soci::into(rows.create_times), soci::into(rows.hashes),
             soci::into(rows.formats), soci::into(rows.numbers), soci::into(rows.name_commitments),
             soci::into(rows.revisions), soci::into(rows.content_commitments),
             soci::into(rows.reasons))) {}

  std::string org_id;
  std::int64_t position = 0;
  std::int64_t limit = 0;
  EntryRows rows = EntryRows(1);
  soci::statement statement;
};

// The first position in a stretch of the log that a statement finds fault with.
struct SelectFirst {
  SelectFirst(Connection& connection, const char* sql)
      : statement((connection.sql().prepare << sql, soci::use(org_id), soci::use(after),
                   soci::use(last), soci::into(first))) {}

  std::int64_t In(const AuditStretch& stretch) {
    org_id = stretch.org_id;
    after = stretch.after;
    last = stretch.last;
    statement.execute(true);
    return first;
  }

  std::string org_id;
  std::int64_t after = 0;
  std::int64_t last = 0;
  std::int64_t first = 0;
  soci::statement statement;
};

struct SelectEntryWithoutComment : SelectFirst {
  explicit SelectEntryWithoutComment(Connection& connection)
      : SelectFirst(connection,
                    "SELECT coalesce(min(a.position), 0) FROM audit_entries a"
                    " LEFT JOIN comments c ON c.org_id = a.org_id AND c.position = a.position"
                    " AND c.comment_id = a.comment_id AND c.invoice_id = a.invoice_id"
                    " LEFT JOIN thread_comments t ON t.org_id = c.org_id"
                    " AND t.invoice_id = c.invoice_id AND t.sequence = c.sequence"
                    " AND t.position = c.position"
                    " WHERE a.org_id = :org_id AND a.position > :after AND a.position <= :last"
                    " AND a.action IN ('comment.added', 'comment.imported')"
                    " AND t.position IS NULL") {}
};

struct SelectCommentWithoutEntry : SelectFirst {
  explicit SelectCommentWithoutEntry(Connection& connection)
      : SelectFirst(connection,
                    "SELECT coalesce(min(c.position), 0) FROM comments c"
                    " LEFT JOIN audit_entries a ON a.org_id = c.org_id"
                    " AND a.position = c.position AND a.comment_id = c.comment_id"
                    " WHERE c.org_id = :org_id AND c.position > :after AND c.position <= :last"
                    " AND a.position IS NULL") {}
};

struct SelectEntryWithoutEvent : SelectFirst {
  explicit SelectEntryWithoutEvent(Connection& connection)
      : SelectFirst(connection,
                    "SELECT coalesce(min(a.position), 0) FROM audit_entries a"
                    " LEFT JOIN events e ON e.position = a.position AND e.org_id = a.org_id"
                    " WHERE a.org_id = :org_id AND a.position > :after AND a.position <= :last"
                    " AND a.position > (SELECT compacted FROM event_log)"
                    " AND e.position IS NULL") {}
};

struct SelectAfter {
  explicit SelectAfter(Connection& connection)
      : statement((connection.sql().prepare
                       << "SELECT coalesce(min(position), 0) FROM"
                          " (SELECT min(position) AS position FROM audit_entries"
                          " WHERE org_id = :org_id AND position > :position"
                          " UNION ALL SELECT min(position) FROM comments"
                          " WHERE org_id = :org_id2 AND position > :position2) AS later",
                   soci::use(org_id), soci::use(position), soci::use(org_id), soci::use(position),
                   soci::into(first))) {}

  std::string org_id;
  std::int64_t position = 0;
  std::int64_t first = 0;
  soci::statement statement;
};

// As long as what was asked for and one more, so that SOCI runs the statement to its end.
std::size_t RowsToAsk(int limit) { return static_cast<std::size_t>(limit) + 1; }

}  // namespace

std::vector<AuditEntry> ReadAuditEntries(Connection& connection, std::string_view org_id,
                                         std::int64_t position, int limit) {
  auto& select = connection.Prepared<SelectEntries>();
  select.org_id = org_id;
  select.position = position;
  select.limit = limit;
  EntryRows& rows = select.rows;
  rows.Resize(RowsToAsk(limit));
  std::vector<AuditEntry> entries;
  if (!select.statement.execute(true)) return entries;
  entries.reserve(rows.positions.size());
  for (std::size_t i = 0; i < rows.positions.size(); ++i) {
    entries.push_back({.format = static_cast<int>(rows.formats[i]),
                       .number = rows.numbers[i],
                       .position = rows.positions[i],
                       .org_id = std::string(org_id),
                       .actor_id = std::move(rows.actor_ids[i]),
                       .actor_name = std::move(rows.actor_names[i]),
                       .name_commitment = absl::BytesToHexString(
                           connection.FromColumn(std::move(rows.name_commitments[i]))),
                       .action = std::move(rows.actions[i]),
                       .invoice_id = std::move(rows.invoice_ids[i]),
                       .comment_id = std::move(rows.comment_ids[i]),
                       .revision = rows.revisions[i],
                       .content_commitment = absl::BytesToHexString(
                           connection.FromColumn(std::move(rows.content_commitments[i]))),
                       .reason = std::move(rows.reasons[i]),
                       .request_id = std::move(rows.request_ids[i]),
                       .create_time = absl::FromUnixMicros(rows.create_times[i]),
                       .hash = std::move(rows.hashes[i])});
  }
  return entries;
}

std::int64_t FirstEntryWithoutComment(Connection& connection, const AuditStretch& stretch) {
  return connection.Prepared<SelectEntryWithoutComment>().In(stretch);
}

std::int64_t FirstCommentWithoutEntry(Connection& connection, const AuditStretch& stretch) {
  return connection.Prepared<SelectCommentWithoutEntry>().In(stretch);
}

std::int64_t FirstEntryWithoutEvent(Connection& connection, const AuditStretch& stretch) {
  return connection.Prepared<SelectEntryWithoutEvent>().In(stretch);
}

std::int64_t FirstAfter(Connection& connection, std::string_view org_id, std::int64_t position) {
  auto& select = connection.Prepared<SelectAfter>();
  select.org_id = org_id;
  select.position = position;
  select.statement.execute(true);
  return select.first;
}

}  // namespace marginalia
