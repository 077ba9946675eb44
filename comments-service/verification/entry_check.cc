#include "comments-service/verification/entry_check.h"

#include <optional>

#include "comments-service/audit/short_entry.h"
#include "comments-service/record/commitment.h"
#include "comments-service/record/imported_reason.h"

namespace marginalia {
namespace {

bool IsKnown(const AuditEntry& entry) {
  return AddsComment(entry) || SettlesThread(entry) || entry.action == kActionEdited ||
         entry.action == kActionRemoved || entry.action == kActionErased;
}

// Whether its reason does.
bool CommitsToAName(const StoredEntry& stored) {
  if (const auto closing = ImportedClosingOf(stored.entry)) {
    return !closing->actor_name.commitment.empty();
  }
  const std::optional<ImportedOrigin> origin = ImportedOriginOf(stored.entry);
  return origin && origin->removal && !origin->removal->actor_name.commitment.empty();
}

// What of an entry's row its hash says nothing of.
std::string_view UncoveredDiffers(const StoredEntry& stored) {
  const AuditEntry& entry = stored.entry;
  if (entry.format == 1) {
    const bool more = entry.revision != 0 || !entry.name_commitment.empty() ||
                      !stored.salts.name.empty() || !entry.content_commitment.empty() ||
                      !entry.reason.empty();
    return more ? "stands in the log with more than its format covers" : "";
  }
  if (entry.format != 2) return "stands in the log in an unknown format";
  // Of an imported comment the commitment is to its author's name, which its row has.
  if (entry.action != kActionImported &&
      Commitment(stored.salts.name, entry.actor_name) != entry.name_commitment) {
    return "stands in the log under another name than it committed to";
  }
  if (!stored.salts.reason.empty() && !CommitsToAName(stored)) {
    return "stands in the log with more salt than it has commitments to names";
  }
  return "";
}

}  // namespace

std::string_view EntryDiffers(const StoredEntry& stored) {
  if (const std::string_view what = UncoveredDiffers(stored); !what.empty()) return what;
  if (IsWithoutComment(stored.entry)) return "stands in the log, and is not there";
  return IsKnown(stored.entry) ? "" : "stands in the log with an unknown action";
}

}  // namespace marginalia
