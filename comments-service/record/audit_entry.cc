#include "comments-service/record/audit_entry.h"

#include "absl/strings/str_cat.h"
#include "services/text/framed_hash.h"

namespace marginalia {
namespace {

constexpr std::string_view kFormat2 = "marginalia-audit-2";
// What an entry's bytes come to, and a little more.
constexpr std::size_t kBytesReserved = 640;

void AppendNumber(std::string& bytes, std::int64_t number) {
  const absl::AlphaNum text(number);
  AppendFramed(bytes, {text.data(), text.size()});
}

void AppendFormat1(std::string& bytes, std::string_view previous_hash, const AuditEntry& entry) {
  AppendFramed(bytes, previous_hash);
  AppendNumber(bytes, entry.position);
  AppendFramed(bytes, entry.org_id);
  AppendFramed(bytes, entry.actor_id);
  AppendFramed(bytes, entry.actor_name);
  AppendFramed(bytes, entry.action);
  AppendFramed(bytes, entry.invoice_id);
  AppendFramed(bytes, entry.comment_id);
  AppendFramed(bytes, entry.request_id);
  AppendNumber(bytes, absl::ToUnixMicros(entry.create_time));
}

void AppendFormat2(std::string& bytes, std::string_view previous_hash, const AuditEntry& entry) {
  AppendFramed(bytes, kFormat2);
  AppendNumber(bytes, entry.number);
  AppendFramed(bytes, entry.org_id);
  AppendFramed(bytes, entry.actor_id);
  AppendFramed(bytes, entry.name_commitment);
  AppendFramed(bytes, entry.action);
  AppendFramed(bytes, entry.invoice_id);
  AppendFramed(bytes, entry.comment_id);
  AppendNumber(bytes, entry.revision);
  AppendFramed(bytes, entry.content_commitment);
  AppendFramed(bytes, entry.reason);
  AppendFramed(bytes, entry.request_id);
  AppendNumber(bytes, absl::ToUnixMicros(entry.create_time));
  AppendFramed(bytes, previous_hash);
}

void AppendEntry(std::string& bytes, std::string_view previous_hash, const AuditEntry& entry) {
  (entry.format == 1 ? AppendFormat1 : AppendFormat2)(bytes, previous_hash, entry);
}

}  // namespace

std::string EntryBytes(std::string_view previous_hash, const AuditEntry& entry) {
  std::string bytes;
  bytes.reserve(kBytesReserved);
  AppendEntry(bytes, previous_hash, entry);
  return bytes;
}

std::string EntryHash(std::string_view previous_hash, const AuditEntry& entry) {
  return HexOf(entry.format == 1 ? Sha256Of(EntryBytes(previous_hash, entry))
                                 : EntryLeaf(previous_hash, entry));
}

Digest EntryLeaf(std::string_view previous_hash, const AuditEntry& entry) {
  std::string bytes;
  bytes.reserve(kBytesReserved);
  // What tells a leaf from an inner node (RFC 6962, section 2.1).
  bytes.push_back('\0');
  AppendEntry(bytes, previous_hash, entry);
  return Sha256Of(bytes);
}

}  // namespace marginalia
