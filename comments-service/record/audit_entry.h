// One entry of a tenant's audit log: its fields, its canonical bytes and its hash, in both formats.
// README.md of this folder describes them for whoever verifies an export without this software.
// Pure functions, thread-safe.
#ifndef MARGINALIA_COMMENTS_SERVICE_RECORD_AUDIT_ENTRY_H_
#define MARGINALIA_COMMENTS_SERVICE_RECORD_AUDIT_ENTRY_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "comments-service/record/digest.h"

namespace marginalia {

inline constexpr std::string_view kActionAdded = "comment.added";
inline constexpr std::string_view kActionImported = "comment.imported";
inline constexpr std::string_view kActionEdited = "comment.edited";
inline constexpr std::string_view kActionRemoved = "comment.removed";
inline constexpr std::string_view kActionErased = "comment.erased";
inline constexpr std::string_view kActionResolved = "thread.resolved";
inline constexpr std::string_view kActionReopened = "thread.reopened";

struct AuditEntry {
  // 1: covers position and actor_name, and no content. 2: covers number, commitments, revision and
  // reason.
  int format = 1;
  // 1, 2, 3 … within the tenant. No part of format 1.
  std::int64_t number = 0;
  // Of the event that the same transaction wrote. No part of format 2.
  std::int64_t position = 0;
  std::string org_id;
  std::string actor_id;
  // In format 2 covered by its commitment only.
  std::string actor_name;
  // Here and below, of commitments and hashes: 64 hexadecimal digits in lower case.
  std::string name_commitment;
  std::string action;
  std::string invoice_id;
  // Empty for a thread's entry.
  std::string comment_id;
  // Of the comment after the entry; 0 for a thread's.
  std::int64_t revision = 0;
  // Empty where nothing was said.
  std::string content_commitment;
  std::string reason;
  std::string request_id;
  // To the microsecond.
  absl::Time create_time;
  std::string hash;
};

inline bool AddsComment(const AuditEntry& entry) {
  return entry.action == kActionAdded || entry.action == kActionImported;
}

inline bool SettlesThread(const AuditEntry& entry) {
  return entry.action == kActionResolved || entry.action == kActionReopened;
}

// What is hashed, behind an entry with `previous_hash` (empty for the tenant's first).
std::string EntryBytes(std::string_view previous_hash, const AuditEntry& entry);

// The hash that `entry` must carry behind an entry with `previous_hash`: what chains the log.
std::string EntryHash(std::string_view previous_hash, const AuditEntry& entry);

// The entry's leaf in the tenant's Merkle tree. In format 2 it is the entry's hash.
Digest EntryLeaf(std::string_view previous_hash, const AuditEntry& entry);

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_RECORD_AUDIT_ENTRY_H_
