#include "comments-service/audit_log.h"

#include <openssl/sha.h>

#include "absl/strings/escaping.h"

namespace marginalia {
namespace {

struct SelectHead {
  explicit SelectHead(Connection& connection)
      : statement((connection.sql().prepare << "SELECT entry_count, position, hash FROM audit_heads"
                                               " WHERE org_id = :org_id",
                   soci::use(org_id), soci::into(head.entry_count), soci::into(head.position),
                   soci::into(head.hash))) {}

  std::string org_id;
  AuditHead head;
  soci::statement statement;
};

struct SelectHash {
  explicit SelectHash(Connection& connection)
      : statement((connection.sql().prepare << "SELECT hash FROM audit_entries"
                                               " WHERE org_id = :org_id AND position = :position",
                   soci::use(org_id), soci::use(position), soci::into(hash))) {}

  std::string org_id;
  std::int64_t position = 0;
  std::string hash;
  soci::statement statement;
};

struct UpsertHead {
  explicit UpsertHead(Connection& connection)
      : statement((connection.sql().prepare
                       << "INSERT INTO audit_heads (org_id, entry_count, position, hash)"
                          " VALUES (:org_id, :entry_count, :position, :hash)"
                          " ON CONFLICT (org_id) DO UPDATE SET entry_count = excluded.entry_count,"
                          " position = excluded.position, hash = excluded.hash",
                   soci::use(org_id), soci::use(head.entry_count), soci::use(head.position),
                   soci::use(head.hash))) {}

  std::string org_id;
  AuditHead head;
  soci::statement statement;
};

struct InsertEntry {
  explicit InsertEntry(Connection& connection)
      : statement(
            (connection.sql().prepare
                 << "INSERT INTO audit_entries (org_id, position, actor_id, actor_name, action,"
                    " invoice_id, comment_id, request_id, create_time, hash)"
                    " VALUES (:org_id, :position, :actor_id, :actor_name, :action,"
                    " :invoice_id, :comment_id, :request_id, :create_time, :hash)",
             soci::use(entry.org_id), soci::use(entry.position), soci::use(entry.actor_id),
             soci::use(entry.actor_name), soci::use(entry.action), soci::use(entry.invoice_id),
             soci::use(entry.comment_id), soci::use(entry.request_id), soci::use(create_time),
             soci::use(entry.hash))) {}

  AuditEntry entry;
  std::int64_t create_time = 0;
  soci::statement statement;
};

void AppendPiece(std::string& bytes, std::string_view piece) {
  const auto length = static_cast<std::uint32_t>(piece.size());
  for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(length >> shift));
  bytes.append(piece);
}

}  // namespace

std::string AuditHash(std::string_view previous_hash, const AuditEntry& entry) {
  std::string bytes;
  bytes.reserve(512);
  AppendPiece(bytes, previous_hash);
  AppendPiece(bytes, std::to_string(entry.position));
  AppendPiece(bytes, entry.org_id);
  AppendPiece(bytes, entry.actor_id);
  AppendPiece(bytes, entry.actor_name);
  AppendPiece(bytes, entry.action);
  AppendPiece(bytes, entry.invoice_id);
  AppendPiece(bytes, entry.comment_id);
  AppendPiece(bytes, entry.request_id);
  AppendPiece(bytes, std::to_string(absl::ToUnixMicros(entry.create_time)));
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
         reinterpret_cast<unsigned char*>(digest.data()));
  return absl::BytesToHexString(digest);
}

AuditHead ReadAuditHead(Connection& connection, std::string_view org_id) {
  auto& select = connection.Prepared<SelectHead>();
  select.org_id = org_id;
  if (!select.statement.execute(true)) return AuditHead{};
  return select.head;
}

std::string ReadAuditHash(Connection& connection, std::string_view org_id, std::int64_t position) {
  auto& select = connection.Prepared<SelectHash>();
  select.org_id = org_id;
  select.position = position;
  return select.statement.execute(true) ? select.hash : "";
}

const std::string& AuditLog::Append(Connection& connection, AuditEntry& entry) {
  auto head = heads_.find(entry.org_id);
  if (head == heads_.end()) {
    head = heads_.emplace(entry.org_id, ReadAuditHead(connection, entry.org_id)).first;
  }
  entry.hash = AuditHash(head->second.hash, entry);
  auto& insert = connection.Prepared<InsertEntry>();
  insert.entry = entry;
  insert.create_time = absl::ToUnixMicros(entry.create_time);
  insert.statement.execute(true);
  head->second = AuditHead{
      .entry_count = head->second.entry_count + 1, .position = entry.position, .hash = entry.hash};
  return entry.hash;
}

void AuditLog::BeforeCommit(Connection& connection) {
  if (heads_.empty()) return;
  // The heads of all tenants of the group, each under its own key.
  connection.ActFor(Tenants::All());
  auto& upsert = connection.Prepared<UpsertHead>();
  for (const auto& [org_id, head] : heads_) {
    upsert.org_id = org_id;
    upsert.head = head;
    upsert.statement.execute(true);
  }
}

}  // namespace marginalia
