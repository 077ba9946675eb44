#include "comments-service/audit/audit_log.h"

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "comments-service/audit/short_entry.h"
#include "comments-service/record/commitment.h"
#include "services/events/log/event_store.h"
#include "services/storage/connection/pipeline.h"
#include "services/storage/connection/row_insert.h"
#include "services/storage/connection/statement.h"
#include "services/storage/connection/text_array.h"

namespace marginalia {
namespace {

struct SelectHead {
  explicit SelectHead(Connection& connection)
      : statement(connection,
                  "SELECT entry_count, change_count, position, hash"
                  " FROM audit_heads WHERE org_id = :org_id",
                  soci::into(head.entry_count), soci::into(head.change_count),
                  soci::into(head.position), soci::into(head.hash)) {}

  AuditHead head;
  StatementWith<std::string> statement;
};

// Those of many tenants at once.
constexpr char kSelectHeads[] =
    "SELECT org_id, entry_count, change_count, position, hash FROM audit_heads"
    " WHERE org_id = ANY(CAST($1 AS TEXT[]))";

struct SelectMark {
  explicit SelectMark(Connection& connection)
      : statement(connection,
                  absl::StrCat("SELECT a.number, ", EntryHashOf(connection.kind(), "a"),
                               " FROM audit_entries a"
                               " WHERE a.org_id = :org_id AND a.position = :position"),
                  soci::into(mark.number), soci::into(mark.hash)) {}

  AuditMark mark;
  StatementWith<std::string, std::int64_t> statement;
};

// By the tenants' heads, since entries are found by their tenant only.
constexpr char kCountEntriesAt[] =
    "SELECT count(*) FROM audit_heads h JOIN audit_entries a"
    " ON a.org_id = h.org_id AND a.position = h.position WHERE h.position = :head";

struct HeadRows {
  explicit HeadRows(Connection& connection)
      : insert(connection,
               "INSERT INTO audit_heads (org_id, entry_count, change_count, position, hash)",
               {RowInsert::kText, RowInsert::kInteger, RowInsert::kInteger, RowInsert::kInteger,
                RowInsert::kText},
               "ON CONFLICT (org_id) DO UPDATE SET entry_count = excluded.entry_count,"
               " change_count = excluded.change_count, position = excluded.position, hash = "
               "excluded.hash") {}
  RowInsert insert;
};

struct EntryRows {
  explicit EntryRows(Connection& connection)
      : insert(connection,
               "INSERT INTO audit_entries (org_id, position, actor_id, actor_name, action, "
               "invoice_id, comment_id, request_id, create_time, hash, format, number, name_salt, "
               "name_commitment, revision, content_commitment, reason, hash_bytes)",
               {RowInsert::kText, RowInsert::kInteger, RowInsert::kText, RowInsert::kText,
                RowInsert::kText, RowInsert::kText, RowInsert::kText, RowInsert::kText,
                RowInsert::kInteger, RowInsert::kText, RowInsert::kInteger, RowInsert::kInteger,
                RowInsert::kBytes, RowInsert::kBytes, RowInsert::kInteger, RowInsert::kBytes,
                RowInsert::kText, RowInsert::kBytes}) {}
  RowInsert insert;
};

void InsertEntry(Connection& connection, const AuditEntry& entry, std::string_view salts,
                 std::string_view hash_bytes) {
  connection.Prepared<EntryRows>()
      .insert.Text(entry.org_id)
      .Integer(entry.position)
      .Text(entry.actor_id)
      .Text(entry.actor_name)
      .Text(entry.action)
      .Text(entry.invoice_id)
      .Text(entry.comment_id)
      .Text(entry.request_id)
      .Integer(absl::ToUnixMicros(entry.create_time))
      .Text(entry.hash)
      .Integer(entry.format)
      .Integer(entry.number)
      .Bytes(salts)
      .Bytes(absl::HexStringToBytes(entry.name_commitment))
      .Integer(entry.revision)
      .Bytes(absl::HexStringToBytes(entry.content_commitment))
      .Text(entry.reason)
      .Bytes(hash_bytes)
      .EndRow();
}

}  // namespace

AuditHead ReadAuditHead(Connection& connection, std::string_view org_id) {
  auto& select = connection.Prepared<SelectHead>();
  if (!select.statement.Run(org_id)) return AuditHead{};
  return select.head;
}

absl::Status CheckAuditReachesHead(Database& database) {
  return database.Read(Tenants::All(), [](Connection& connection) {
    // There may be a head of each of very many tenants.
    connection.AllowLongStatements();
    const std::int64_t head = ReadLogRow(connection).head;
    std::int64_t entries = 0;
    connection.sql() << kCountEntriesAt, soci::use(head), soci::into(entries);
    if (head == 0 || entries > 0) return absl::OkStatus();
    return absl::DataLossError(absl::StrCat(
        "the event log goes to position ", head, " and the audit log does not: this is a copy that",
        " lacks rows; restore a whole one (pg_dump makes one as a superuser or a role with",
        " BYPASSRLS, and without --enable-row-security)"));
  });
}

AuditMark ReadAuditMark(Connection& connection, std::string_view org_id, std::int64_t position) {
  auto& select = connection.Prepared<SelectMark>();
  return select.statement.Run(org_id, position) ? select.mark : AuditMark{};
}

void AuditLog::Append(Connection& connection, AuditEntry& entry, std::string_view name,
                      bool is_short, std::string_view reason_salt) {
  auto head = heads_.find(entry.org_id);
  if (head == heads_.end()) {
    head = heads_.emplace(entry.org_id, GroupHead{ReadAuditHead(connection, entry.org_id)}).first;
  }
  AuditHead& last = head->second.head;
  const std::string name_salt = NewSalt();
  entry.format = 2;
  entry.number = last.entry_count + 1;
  entry.name_commitment = Commitment(name_salt, name);
  entry.hash = EntryHash(last.hash, entry);
  InsertEntry(connection, is_short ? ShortEntry(entry) : entry,
              absl::StrCat(name_salt, std::string(reason_salt)),
              is_short ? absl::HexStringToBytes(entry.hash) : "");
  last = {.entry_count = entry.number,
          .change_count = last.change_count + (AddsComment(entry) ? 0 : 1),
          .position = entry.position,
          .hash = entry.hash};
  head->second.appended_to = true;
}

void AuditLog::Expect(std::string_view org_id) { expected_.emplace(org_id); }

void AuditLog::Begin(Connection& connection) {
  heads_.clear();
  if (expected_.empty()) return;
  const TenantScope all(connection, Tenants::All());
  std::string org_ids;
  for (const std::string& org_id : expected_) {
    heads_.try_emplace(org_id);
    AppendToArray(org_ids, org_id);
  }
  CloseArray(org_ids);
  expected_.clear();
  connection.Ask(kSelectHeads, {org_ids}, [this](const AnsweredRows& rows) {
    for (int row = 0; row < rows.size(); ++row) {
      heads_[std::string(rows.Text(row, 0))].head = {.entry_count = rows.Integer(row, 1),
                                                     .change_count = rows.Integer(row, 2),
                                                     .position = rows.Integer(row, 3),
                                                     .hash = std::string(rows.Text(row, 4))};
    }
  });
}

void AuditLog::BeforeCommit(Connection& connection) {
  // The heads of all tenants of the group, each under its own key.
  RowInsert& insert = connection.Prepared<HeadRows>().insert;
  for (const auto& [org_id, group_head] : heads_) {
    if (!group_head.appended_to) continue;
    const AuditHead& head = group_head.head;
    insert.Text(org_id)
        .Integer(head.entry_count)
        .Integer(head.change_count)
        .Integer(head.position)
        .Text(head.hash)
        .EndRow();
  }
}

void AuditLog::RolledBack() {
  heads_.clear();
  expected_.clear();
}

void AuditLog::Committed() {
  std::int64_t newest = head_.load(std::memory_order_relaxed);
  for (const auto& [org_id, each] : heads_) {
    if (each.appended_to) newest = std::max(newest, each.head.position);
  }
  head_.store(newest, std::memory_order_relaxed);
  heads_.clear();
}

}  // namespace marginalia
