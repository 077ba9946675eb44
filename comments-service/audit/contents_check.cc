#include "comments-service/audit/contents_check.h"

#include <algorithm>

#include "comments-service/audit/contents_store.h"
#include "comments-service/record/commitment.h"
#include "comments-service/record/imported_reason.h"

namespace marginalia {
namespace {

// `commitment` as bytes.
bool Commits(std::string_view commitment, std::string_view salt, std::string_view text) {
  const std::optional<Digest> digest = DigestFromBytes(commitment);
  return digest.has_value() && HexOf(*digest) == Commitment(salt, text);
}

// What of who said it and when is not what the entry says that added the comment.
std::string_view OriginDiffers(const StoredContent& comment, const AuditEntry& entry) {
  const bool imported = entry.action == kActionImported;
  if (!imported && entry.action != kActionAdded) return "has an entry that adds no comment";
  if (comment.comment_id != entry.comment_id) return "has another id than its entry says";
  if (comment.invoice_id != entry.invoice_id) return "is of another invoice than its entry says";
  if (!imported && comment.author_id != entry.actor_id) {
    return "has another author than its entry says";
  }
  const bool in_order = comment.sequence == 1 ? comment.previous_position == 0
                                              : comment.previous_position > 0 &&
                                                    comment.previous_position < comment.position;
  if (!in_order) return "stands elsewhere in its thread than its entry says";
  // Before there were commitments, an entry said who wrote when, and not what.
  if (entry.format == 1) {
    if (imported || comment.author_name == entry.actor_name) return "";
    return "has an author of another name than its entry says";
  }
  if ((!imported && comment.author_name != entry.actor_name) ||
      Commitment(comment.name_salt, comment.author_name) != entry.name_commitment) {
    return "has an author of another name than its entry committed to";
  }
  const absl::Time time = absl::FromUnixMicros(comment.create_time);
  if (imported && entry.reason != ImportedReason(comment.author_id, time)) {
    return "has another author or time than its entry says";
  }
  if (!imported && time != entry.create_time) return "has another time than its entry says";
  return "";
}

// The same of what a comment says that never changed.
std::string_view UnchangedDiffers(const StoredContent& comment, const AuditEntry& entry) {
  if (comment.revision != 1 || comment.edit_time != 0 || comment.removal_time != 0 ||
      comment.erased != 0 || !comment.remover_id.empty() || !comment.remover_name.empty() ||
      !comment.removal_reason.empty()) {
    return "says that it was changed, and no entry does";
  }
  if (entry.format == 2 &&
      Commitment(comment.body_salt, comment.body) != entry.content_commitment) {
    return "does not say what its entry committed to";
  }
  return "";
}

std::string_view EditedDiffers(const StoredContent& comment) {
  const ChangeEntry& change = comment.change;
  if (comment.removal_time != 0 || comment.erased != 0) return "is removed, and no entry says so";
  if (comment.revision != change.revision || comment.edit_time != change.create_time) {
    return "was edited another time than the entry of its edit says";
  }
  if (!Commits(change.content_commitment, comment.body_salt, comment.body)) {
    return "does not say what the entry of its edit committed to";
  }
  return "";
}

std::string_view RemovedDiffers(const StoredContent& comment, bool erased) {
  const ChangeEntry& change = comment.change;
  if ((comment.erased != 0) != erased) return "is not erased as its newest entry says";
  if (!comment.body.empty() || comment.removal_time == 0) {
    return "is shown, and its newest entry says that it was removed";
  }
  // One that was removed before it was erased keeps who removed it.
  if (erased) return "";
  if (comment.removal_time != change.create_time || comment.remover_id != change.actor_id ||
      comment.removal_reason != change.reason ||
      !Commits(change.name_commitment, change.name_salt, comment.remover_name)) {
    return "was removed by another, at another time or for another reason than its entry says";
  }
  return "";
}

// What of the comment is not what the record says; empty when all is.
std::string_view WhatDiffers(const StoredContent& comment, const AuditEntry& entry) {
  const std::string_view origin = OriginDiffers(comment, entry);
  if (!origin.empty()) return origin;
  if (comment.change_position == 0) return UnchangedDiffers(comment, entry);
  const ChangeEntry& change = comment.change;
  if (change.comment_id != comment.comment_id) return "says that it was changed, and no entry does";
  if (change.action == kActionEdited) return EditedDiffers(comment);
  if (change.action == kActionRemoved) return RemovedDiffers(comment, false);
  if (change.action == kActionErased) return RemovedDiffers(comment, true);
  return "says that it was changed, and no entry does";
}

}  // namespace

std::optional<ContentFinding> FirstWrongContent(Connection& connection, const AuditStretch& stretch,
                                                const std::vector<AuditEntry>& entries) {
  std::optional<ContentFinding> finding;
  auto entry = entries.begin();
  ForEachContent(connection, stretch, [&](const StoredContent& comment) {
    entry = std::find_if(entry, entries.end(), [&comment](const AuditEntry& each) {
      return each.position >= comment.position;
    });
    if (entry == entries.end() || entry->position != comment.position) return true;
    const std::string_view what = WhatDiffers(comment, *entry);
    if (what.empty()) return true;
    finding = {.position = comment.position,
               .number = entry->number,
               .comment_id = comment.comment_id,
               .what = std::string(what)};
    return false;
  });
  return finding;
}

}  // namespace marginalia
