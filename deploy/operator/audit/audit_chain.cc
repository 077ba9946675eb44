#include "deploy/operator/audit/audit_chain.h"

#include "absl/strings/str_cat.h"

namespace marginalia {

std::string NameOf(const AuditEntry& entry) {
  return entry.format == 1 ? absl::StrCat("position ", entry.position)
                           : absl::StrCat("number ", entry.number);
}

absl::Status AuditChain::CheckPlace(const AuditEntry& entry) const {
  if (entry.format == 1 && entry.position <= head_.position) {
    return absl::DataLossError(
        absl::StrCat("position ", entry.position, " comes after ", head_.position));
  }
  if (entry.format == 2 && entry.number != head_.entry_count + 1) {
    return absl::DataLossError(
        absl::StrCat("number ", entry.number, " stands where ", head_.entry_count + 1, " should"));
  }
  return absl::OkStatus();
}

absl::Status AuditChain::Add(const AuditEntry& entry) {
  if (head_.entry_count == 0) org_id_ = entry.org_id;
  if (entry.org_id != org_id_) {
    return absl::DataLossError(absl::StrCat(NameOf(entry), " is of tenant \"", entry.org_id,
                                            "\" in the log of \"", org_id_, "\""));
  }
  const absl::Status placed = CheckPlace(entry);
  if (!placed.ok()) return placed;
  if (entry.hash != EntryHash(head_.hash, entry)) {
    return absl::DataLossError(absl::StrCat(
        NameOf(entry), " does not carry the hash that its content and the entry before it demand"));
  }
  tree_.Add(EntryLeaf(head_.hash, entry));
  head_ = {.entry_count = head_.entry_count + 1, .position = entry.position, .hash = entry.hash};
  return absl::OkStatus();
}

}  // namespace marginalia
