#include "comments-service/audit/audit_store.h"

#include <cstddef>
#include <utility>

#include "absl/strings/escaping.h"
#include "comments-service/audit/short_entry.h"
#include "services/storage/connection/statement.h"

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
  std::vector<std::string> name_salts;
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
    name_salts.resize(size);
    name_commitments.resize(size);
    revisions.resize(size);
    content_commitments.resize(size);
    reasons.resize(size);
  }
};

struct SelectEntries {
  explicit SelectEntries(Connection& connection)
      : statement(connection, SelectEntriesAfter(connection.kind()), soci::into(rows.positions),
                  soci::into(rows.actor_ids), soci::into(rows.actor_names),
                  soci::into(rows.actions), soci::into(rows.invoice_ids),
                  soci::into(rows.comment_ids), soci::into(rows.request_ids),
                  soci::into(rows.create_times), soci::into(rows.hashes), soci::into(rows.formats),
                  soci::into(rows.numbers), soci::into(rows.name_salts),
                  soci::into(rows.name_commitments), soci::into(rows.revisions),
                  soci::into(rows.content_commitments), soci::into(rows.reasons)) {}

  EntryRows rows = EntryRows(1);
  StatementWith<std::string, std::int64_t, std::int64_t> statement;
};

// As long as what was asked for and one more, so that SOCI runs the statement to its end.
std::size_t RowsToAsk(int limit) { return static_cast<std::size_t>(limit) + 1; }

}  // namespace

std::vector<AuditEntry> ReadAuditEntries(Connection& connection, std::string_view org_id,
                                         std::int64_t position, int limit) {
  auto& select = connection.Prepared<SelectEntries>();
  EntryRows& rows = select.rows;
  rows.Resize(RowsToAsk(limit));
  std::vector<AuditEntry> entries;
  if (!select.statement.Run(org_id, position, limit)) return entries;
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
    CompleteEntry(entries.back(), connection.FromColumn(std::move(rows.name_salts[i])));
  }
  return entries;
}

}  // namespace marginalia
