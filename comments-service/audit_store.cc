#include "comments-service/audit_store.h"

#include <cstddef>
#include <utility>

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
  }
};

struct SelectEntries {
  explicit SelectEntries(Connection& connection)
      : statement((
            connection.sql().prepare
                << "SELECT position, actor_id, actor_name, action, invoice_id, comment_id,"
                   " request_id, create_time, hash FROM audit_entries"
                   " WHERE org_id = :org_id AND position > :position"
                   " ORDER BY position LIMIT :limit",
            soci::use(org_id), soci::use(position), soci::use(limit), soci::into(rows.positions),
            soci::into(rows.actor_ids), soci::into(rows.actor_names), soci::into(rows.actions),
            soci::into(rows.invoice_ids), soci::into(rows.comment_ids),
            soci::into(rows.request_ids), soci::into(rows.create_times), soci::into(rows.hashes))) {
  }

  std::string org_id;
  std::int64_t position = 0;
  std::int64_t limit = 0;
  EntryRows rows = EntryRows(1);
  soci::statement statement;
};

struct SelectEntryWithoutComment {
  explicit SelectEntryWithoutComment(Connection& connection)
      : statement((connection.sql().prepare
                       << "SELECT coalesce(min(a.position), 0) FROM audit_entries a"
                          " LEFT JOIN comments c ON c.org_id = a.org_id"
                          " AND c.invoice_id = a.invoice_id AND c.sequence = a.sequence"
                          " AND c.comment_id = a.comment_id AND c.position = a.position"
                          " WHERE a.org_id = :org_id AND a.position > :after"
                          " AND a.position <= :last AND c.position IS NULL",
                   soci::use(org_id), soci::use(after), soci::use(last), soci::into(first))) {}

  std::string org_id;
  std::int64_t after = 0;
  std::int64_t last = 0;
  std::int64_t first = 0;
  soci::statement statement;
};

struct SelectEventWithoutEntry {
  explicit SelectEventWithoutEntry(Connection& connection)
      : statement((connection.sql().prepare << "SELECT coalesce(min(e.position), 0) FROM events e"
                                               " LEFT JOIN audit_entries a ON a.org_id = e.org_id"
                                               " AND a.position = e.position"
                                               " WHERE e.org_id = :org_id AND e.position > :after"
                                               " AND e.position <= :last AND a.position IS NULL",
                   soci::use(org_id), soci::use(after), soci::use(last), soci::into(first))) {}

  std::string org_id;
  std::int64_t after = 0;
  std::int64_t last = 0;
  std::int64_t first = 0;
  soci::statement statement;
};

struct SelectEntryAfter {
  explicit SelectEntryAfter(Connection& connection)
      : statement((connection.sql().prepare
                       << "SELECT coalesce(min(position), 0) FROM audit_entries"
                          " WHERE org_id = :org_id AND position > :position",
                   soci::use(org_id), soci::use(position), soci::into(first))) {}

  std::string org_id;
  std::int64_t position = 0;
  std::int64_t first = 0;
  soci::statement statement;
};

struct SelectCommentStep {
  explicit SelectCommentStep(Connection& connection)
      : statement((connection.sql().prepare
                       << "SELECT c.invoice_id, c.sequence, c.position,"
                          " CASE WHEN a.comment_id = c.comment_id THEN 1 ELSE 0 END"
                          " FROM comments c LEFT JOIN audit_entries a"
                          " ON a.org_id = c.org_id AND a.position = c.position"
                          " WHERE c.org_id = :org_id"
                          " AND (c.invoice_id, c.sequence) > (:invoice_id, :sequence)"
                          " ORDER BY c.invoice_id, c.sequence LIMIT :limit",
                   soci::use(org_id), soci::use(invoice_id), soci::use(sequence), soci::use(limit),
                   soci::into(invoice_ids), soci::into(sequences), soci::into(positions),
                   soci::into(have_entries))) {}

  std::string org_id;
  std::string invoice_id;
  std::int64_t sequence = 0;
  std::int64_t limit = 0;
  std::vector<std::string> invoice_ids = {""};
  std::vector<std::int64_t> sequences = {0};
  std::vector<std::int64_t> positions = {0};
  std::vector<int> have_entries = {0};
  soci::statement statement;
};

template <class Select>
std::int64_t FirstIn(Connection& connection, const AuditStretch& stretch) {
  auto& select = connection.Prepared<Select>();
  select.org_id = stretch.org_id;
  select.after = stretch.after;
  select.last = stretch.last;
  select.statement.execute(true);
  return select.first;
}

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
    entries.push_back({.position = rows.positions[i],
                       .org_id = std::string(org_id),
                       .actor_id = std::move(rows.actor_ids[i]),
                       .actor_name = std::move(rows.actor_names[i]),
                       .action = std::move(rows.actions[i]),
                       .invoice_id = std::move(rows.invoice_ids[i]),
                       .comment_id = std::move(rows.comment_ids[i]),
                       .request_id = std::move(rows.request_ids[i]),
                       .create_time = absl::FromUnixMicros(rows.create_times[i]),
                       .hash = std::move(rows.hashes[i])});
  }
  return entries;
}

std::int64_t FirstEntryWithoutComment(Connection& connection, const AuditStretch& stretch) {
  return FirstIn<SelectEntryWithoutComment>(connection, stretch);
}

std::int64_t FirstEventWithoutEntry(Connection& connection, const AuditStretch& stretch) {
  return FirstIn<SelectEventWithoutEntry>(connection, stretch);
}

std::int64_t FirstEntryAfter(Connection& connection, std::string_view org_id,
                             std::int64_t position) {
  auto& select = connection.Prepared<SelectEntryAfter>();
  select.org_id = org_id;
  select.position = position;
  select.statement.execute(true);
  return select.first;
}

CommentStep StepThroughComments(Connection& connection, std::string_view org_id,
                                const CommentStep& from, std::int64_t last, int limit) {
  auto& select = connection.Prepared<SelectCommentStep>();
  select.org_id = org_id;
  select.invoice_id = from.invoice_id;
  select.sequence = from.sequence;
  select.limit = limit;
  select.invoice_ids.resize(RowsToAsk(limit));
  select.sequences.resize(RowsToAsk(limit));
  select.positions.resize(RowsToAsk(limit));
  select.have_entries.resize(RowsToAsk(limit));
  if (!select.statement.execute(true)) return CommentStep{};
  CommentStep step{.invoice_id = select.invoice_ids.back(),
                   .sequence = select.sequences.back(),
                   .count = static_cast<int>(select.invoice_ids.size())};
  for (std::size_t i = 0; i < select.positions.size(); ++i) {
    const std::int64_t position = select.positions[i];
    if (select.have_entries[i] == 1 || position > last) continue;
    const bool first = step.first_without_entry == 0 || position < step.first_without_entry;
    if (first) step.first_without_entry = position;
  }
  return step;
}

}  // namespace marginalia
