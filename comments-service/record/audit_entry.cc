#include "comments-service/record/audit_entry.h"

#include "absl/strings/str_cat.h"

namespace marginalia {
namespace {

constexpr std::string_view kFormat2 = "marginalia-audit-2";
// What an entry's bytes come to, and a little more.
constexpr std::size_t kBytesReserved = 640;

void AppendPiece(std::string& bytes, std::string_view piece) {
  const auto length = static_cast<std::uint32_t>(piece.size());
  for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(length >> shift));
  bytes.append(piece);
}

void AppendNumber(std::string& bytes, std::int64_t number) {
  const absl::AlphaNum text(number);
  AppendPiece(bytes, {text.data(), text.size()});
}

void AppendFormat1(std::string& bytes, std::string_view previous_hash, const AuditEntry& entry) {
  AppendPiece(bytes, previous_hash);
  AppendNumber(bytes, entry.position);
  AppendPiece(bytes, entry.org_id);
  AppendPiece(bytes, entry.actor_id);
  AppendPiece(bytes, entry.actor_name);
  AppendPiece(bytes, entry.action);
  AppendPiece(bytes, entry.invoice_id);
  AppendPiece(bytes, entry.comment_id);
  AppendPiece(bytes, entry.request_id);
  AppendNumber(bytes, absl::ToUnixMicros(entry.create_time));
}

void AppendFormat2(std::string& bytes, std::string_view previous_hash, const AuditEntry& entry) {
  AppendPiece(bytes, kFormat2);
  AppendNumber(bytes, entry.number);
  AppendPiece(bytes, entry.org_id);
  AppendPiece(bytes, entry.actor_id);
  AppendPiece(bytes, entry.name_commitment);
  AppendPiece(bytes, entry.action);
  AppendPiece(bytes, entry.invoice_id);
  AppendPiece(bytes, entry.comment_id);
  AppendNumber(bytes, entry.revision);
  AppendPiece(bytes, entry.content_commitment);
  AppendPiece(bytes, entry.reason);
  AppendPiece(bytes, entry.request_id);
  AppendNumber(bytes, absl::ToUnixMicros(entry.create_time));
  AppendPiece(bytes, previous_hash);
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
