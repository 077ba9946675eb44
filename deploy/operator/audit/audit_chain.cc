#include "deploy/operator/audit/audit_chain.h"

#include "absl/strings/str_cat.h"

namespace marginalia {

absl::Status AuditChain::Add(const AuditEntry& entry) {
  if (head_.entry_count == 0) org_id_ = entry.org_id;
  if (entry.org_id != org_id_) {
    return absl::DataLossError(absl::StrCat("position ", entry.position, " is of tenant \"",
                                            entry.org_id, "\" in the log of \"", org_id_, "\""));
  }
  if (entry.position <= head_.position) {
    return absl::DataLossError(
        absl::StrCat("position ", entry.position, " comes after ", head_.position));
  }
  if (entry.hash != EntryHash(head_.hash, entry)) {
    return absl::DataLossError(
        absl::StrCat("position ", entry.position,
                     " does not carry the hash that its content and the entry before it demand"));
  }
  head_ = {.entry_count = head_.entry_count + 1, .position = entry.position, .hash = entry.hash};
  return absl::OkStatus();
}

}  // namespace marginalia
