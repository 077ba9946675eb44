// Whether comments-service's database is whole: positions, audit chains, and rows that belong
// together.
#include <cstdint>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "comments-service/audit/short_entry.h"
#include "deploy/operator/audit/audit_chain.h"
#include "deploy/operator/backup/database_facts.h"

namespace marginalia {
namespace {

// Each finds the first position at fault, or a count that must be none.
constexpr Agreement kAgreements[] = {
    {"SELECT coalesce(min(a.position), 0) FROM audit_entries a"
     " LEFT JOIN comments c ON c.org_id = a.org_id AND c.position = a.position"
     " AND (a.comment_id = '' OR (c.comment_id = a.comment_id AND c.invoice_id = a.invoice_id))"
     " LEFT JOIN thread_comments t ON t.org_id = c.org_id AND t.invoice_id = c.invoice_id"
     " AND t.sequence = c.sequence AND t.position = c.position"
     " WHERE a.action IN ('comment.added', 'comment.imported') AND t.position IS NULL",
     "an audit entry is without its comment, or the comment not in its thread: position"},
    {"SELECT coalesce(min(c.position), 0) FROM comments c"
     " LEFT JOIN audit_entries a ON a.org_id = c.org_id AND a.position = c.position"
     " WHERE a.position IS NULL",
     "a comment is without its audit entry: position"},
    {"SELECT coalesce(min(e.position), 0) FROM events e"
     " LEFT JOIN audit_entries a ON a.org_id = e.org_id AND a.position = e.position"
     " AND (e.subject = '' OR a.invoice_id = '' OR a.invoice_id = e.subject)"
     " WHERE a.position IS NULL",
     "an event is without its audit entry: position"},
    {"SELECT coalesce(min(a.position), 0) FROM audit_entries a"
     " LEFT JOIN events e ON e.position = a.position AND e.org_id = a.org_id"
     " WHERE a.position > (SELECT compacted FROM event_log) AND e.position IS NULL",
     "an audit entry is without its event: position"},
    {"SELECT coalesce(min(i.position), 0) FROM comment_ids i"
     " LEFT JOIN comments c ON c.org_id = i.org_id AND c.position = i.position"
     " WHERE c.position IS NULL",
     "a comment's id leads to no comment: position"},
    {"SELECT (SELECT count(*) FROM comments) - (SELECT count(*) FROM comment_ids)",
     "comments and their ids are not equally many: difference"},
    {"SELECT (SELECT count(*) FROM comments) - (SELECT count(*) FROM thread_comments)",
     "comments and the entries of threads are not equally many: difference"},
    {"SELECT count(*) FROM (SELECT 1 FROM thread_comments GROUP BY org_id, invoice_id"
     " HAVING max(sequence) <> count(*) OR min(sequence) <> 1)",
     "threads have gaps: how many"},
    {"SELECT (SELECT count(*) FROM events) - (SELECT head - compacted FROM event_log)",
     "the event log has gaps or ends elsewhere than its head says: difference"},
    {"SELECT count(*) FROM events, event_log WHERE position <= compacted OR position > head",
     "events stand outside of the event log: how many"},
};

// splitmix64's finisher.
std::uint64_t Mixed(std::uint64_t value) {
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
  value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
  return value ^ (value >> 31);
}

// The first version whose audit entries have format and number.
constexpr int kRecordVersion = 4;
// The first version that may store entries short.
constexpr int kShortVersion = 8;

// That the audit entries' positions are 1, 2, 3 … up to the head, in whatever order the tenants'
// come. Their sum, each one mixed, tells a gap from a doubled one without remembering any.
absl::Status CheckPositions(const SqliteFile& file, const DatabaseFacts& facts) {
  const auto count = SelectInteger(file, "SELECT count(*) FROM audit_entries");
  if (!count.ok()) return count.status();
  if (*count != facts.position) {
    return Damaged(file, absl::StrCat("it has ", *count, " audit entries, and its event log says ",
                                      facts.position));
  }
  std::uint64_t found = 0;
  SqliteRows rows(file, "SELECT position FROM audit_entries");
  while (rows.Next()) found += Mixed(static_cast<std::uint64_t>(rows.Integer(0)));
  if (!rows.status().ok()) return rows.status();
  std::uint64_t expected = 0;
  for (std::int64_t i = 1; i <= facts.position; ++i)
    expected += Mixed(static_cast<std::uint64_t>(i));
  return found == expected ? absl::OkStatus()
                           : Damaged(file, "the positions of its audit entries have gaps");
}

AuditEntry EntryOf(const SqliteRows& rows) {
  AuditEntry entry{.format = static_cast<int>(rows.Integer(10)),
                   .number = rows.Integer(11),
                   .position = rows.Integer(0),
                   .org_id = rows.Text(1),
                   .actor_id = rows.Text(2),
                   .actor_name = rows.Text(3),
                   .name_commitment = absl::BytesToHexString(rows.Text(12)),
                   .action = rows.Text(4),
                   .invoice_id = rows.Text(5),
                   .comment_id = rows.Text(6),
                   .revision = rows.Integer(13),
                   .content_commitment = absl::BytesToHexString(rows.Text(14)),
                   .reason = rows.Text(15),
                   .request_id = rows.Text(7),
                   .create_time = absl::FromUnixMicros(rows.Integer(8)),
                   .hash = rows.Text(9)};
  CompleteEntry(entry, rows.Text(16));
  return entry;
}

absl::Status CheckChain(const SqliteFile& file, int version, const std::string& org_id,
                        const AuditHead& head) {
  AuditChain chain;
  const std::string more = version < kRecordVersion
                               ? "1, 0, '', 0, '', '', ''"
                               : "a.format, a.number, a.name_commitment, a.revision,"
                                 " a.content_commitment, a.reason, a.name_salt";
  SqliteRows rows(
      file,
      absl::StrCat("SELECT a.position, a.org_id, ", kEntryWords, ", ",
                   version < kShortVersion ? "a.hash" : EntryHashOf(DatabaseKind::kSqlite, "a"),
                   ", ", more, " FROM audit_entries a ", EntryComment(DatabaseKind::kSqlite),
                   " WHERE a.org_id = ?1 ORDER BY a.position"));
  rows.Bind(1, org_id);
  const std::string where = absl::StrCat("the audit chain of tenant \"", org_id, "\": ");
  while (rows.Next()) {
    const absl::Status added = chain.Add(EntryOf(rows));
    if (!added.ok()) return Damaged(file, where + std::string(added.message()));
  }
  if (!rows.status().ok()) return rows.status();
  const AuditHead& end = chain.head();
  if (end.entry_count == head.entry_count && end.position == head.position &&
      end.hash == head.hash) {
    return absl::OkStatus();
  }
  return Damaged(file, absl::StrCat(where, "it ends at position ", end.position, " after ",
                                    end.entry_count, " entries, and its head says ", head.position,
                                    " after ", head.entry_count));
}

absl::Status CheckChains(const SqliteFile& file, int version) {
  std::int64_t entries = 0;
  SqliteRows heads(file,
                   "SELECT org_id, entry_count, position, hash FROM audit_heads ORDER BY org_id");
  while (heads.Next()) {
    const AuditHead head{
        .entry_count = heads.Integer(1), .position = heads.Integer(2), .hash = heads.Text(3)};
    const absl::Status checked = CheckChain(file, version, heads.Text(0), head);
    if (!checked.ok()) return checked;
    entries += head.entry_count;
  }
  if (!heads.status().ok()) return heads.status();
  const auto stored = SelectInteger(file, "SELECT count(*) FROM audit_entries");
  if (!stored.ok()) return stored.status();
  return *stored == entries ? absl::OkStatus()
                            : Damaged(file, "audit entries of a tenant without an audit head");
}

}  // namespace

absl::Status CheckComments(const SqliteFile& file, DatabaseFacts& facts) {
  SqliteRows log(file, "SELECT log_id, head, compacted FROM event_log");
  if (!log.Next()) {
    return log.status().ok() ? Damaged(file, "its event log has no head row") : log.status();
  }
  facts.log_id = log.Text(0);
  facts.position = log.Integer(1);
  facts.oldest_event = log.Integer(2) + 1;
  const auto count = SelectInteger(file, "SELECT count(*) FROM comments");
  if (!count.ok()) return count.status();
  facts.count = *count;
  absl::Status status = CheckPositions(file, facts);
  if (status.ok()) status = CheckChains(file, facts.version);
  for (const Agreement& agreement : kAgreements) {
    if (status.ok()) status = CheckAgreement(file, agreement);
  }
  return status;
}

}  // namespace marginalia
