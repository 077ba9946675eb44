#include "comments-service/verification/comment_check.h"

#include <limits>
#include <optional>
#include <vector>

#include "comments-service/record/commitment.h"
#include "comments-service/record/imported_reason.h"

namespace marginalia {
namespace {

// Of one comment at a time, each with a body of up to 10,000 characters.
constexpr std::int64_t kRevisionsAtATime = 16;

std::int64_t TimeOf(const StoredEntry& entry) {
  return absl::ToUnixMicros(entry.entry.create_time);
}

// The comment as the entry says that it was when it was added: one that was not imported had never
// been changed.
struct Beginning {
  explicit Beginning(const StoredEntry& added)
      : origin(ImportedOriginOf(added.entry, added.salts.reason)) {
    if (!origin.has_value()) return;
    if (origin->edit_time) edit_time = absl::ToUnixMicros(*origin->edit_time);
    is_removed = origin->removal.has_value();
    is_erased = is_removed && added.entry.content_commitment.empty();
  }

  // Whether the comment's removal is the one that it came with.
  bool RemovedAs(const StoredContent& comment) const {
    if (!is_removed) {
      return comment.removal_time == 0 && comment.remover_id.empty() &&
             comment.remover_name.empty() && comment.removal_reason.empty();
    }
    return origin->removal->Is(absl::FromUnixMicros(comment.removal_time), comment.remover_id,
                               comment.remover_name, comment.removal_reason);
  }

  std::optional<ImportedOrigin> origin;
  std::int64_t edit_time = 0;
  bool is_removed = false;
  bool is_erased = false;
};

// What of who said it and when is not what the entry says that added the comment.
std::string_view OriginDiffers(const StoredContent& comment, const StoredEntry& added,
                               const Beginning& beginning) {
  const AuditEntry& entry = added.entry;
  const bool imported = entry.action == kActionImported;
  if (comment.comment_id != entry.comment_id) return "has another id than its entry says";
  if (comment.invoice_id != entry.invoice_id) return "is of another invoice than its entry says";
  if (!imported && comment.author_id != entry.actor_id) {
    return "has another author than its entry says";
  }
  // Before there were commitments, an entry said who wrote when, and not what.
  if (entry.format == 1) {
    if (imported || comment.author_name == entry.actor_name) return "";
    return "has an author of another name than its entry says";
  }
  if ((!imported && comment.author_name != entry.actor_name) ||
      Commitment(added.salts.name, comment.author_name) != entry.name_commitment) {
    return "has an author of another name than its entry committed to";
  }
  const absl::Time time = absl::FromUnixMicros(comment.create_time);
  if (imported && (!beginning.origin || beginning.origin->author_id != comment.author_id ||
                   beginning.origin->create_time != time)) {
    return "has another author or time than its entry says";
  }
  if (!imported && time != entry.create_time) return "has another time than its entry says";
  return "";
}

// The same of what a comment says that never changed.
std::string_view UnchangedDiffers(const StoredContent& comment, const AuditEntry& entry,
                                  const Beginning& beginning) {
  if (comment.revision != 1 || comment.edit_time != beginning.edit_time ||
      !beginning.RemovedAs(comment) || comment.erased != (beginning.is_erased ? 1 : 0)) {
    return beginning.origin ? "says that it was changed otherwise than the entry of its import"
                            : "says that it was changed, and no entry does";
  }
  if (beginning.is_removed) {
    const bool silent = comment.body.empty() && comment.body_salt.empty();
    return silent ? "" : "is shown, and its newest entry says that it was removed";
  }
  if (entry.format == 2 &&
      Commitment(comment.body_salt, comment.body) != entry.content_commitment) {
    return "does not say what its entry committed to";
  }
  return "";
}

std::string_view EditedDiffers(const StoredContent& comment, const StoredEntry& change) {
  if (comment.removal_time != 0 || comment.erased != 0 || !comment.remover_id.empty() ||
      !comment.remover_name.empty() || !comment.removal_reason.empty()) {
    return "is removed, and no entry says so";
  }
  if (comment.revision != change.entry.revision || comment.edit_time != TimeOf(change)) {
    return "was edited another time than the entry of its edit says";
  }
  if (Commitment(comment.body_salt, comment.body) != change.entry.content_commitment) {
    return "does not say what the entry of its edit committed to";
  }
  return "";
}

std::string_view RemovedDiffers(const StoredContent& comment, const StoredEntry& change) {
  const bool erased = change.entry.action == kActionErased;
  if (comment.erased != (erased ? 1 : 0)) return "is not erased as its newest entry says";
  if (!comment.body.empty() || !comment.body_salt.empty() || comment.removal_time == 0) {
    return "is shown, and its newest entry says that it was removed";
  }
  if (comment.revision != change.entry.revision) {
    return "is in another revision than its newest entry says";
  }
  return "";
}

std::string_view RemovalDiffers(const StoredContent& comment, const StoredEntry& removal) {
  if (comment.removal_time == TimeOf(removal) && comment.remover_id == removal.entry.actor_id &&
      comment.remover_name == removal.entry.actor_name &&
      comment.removal_reason == removal.entry.reason) {
    return "";
  }
  return "was removed by another, at another time or for another reason than its entry says";
}

// The comment as it is now, against the entry of its newest change.
std::string_view NewestDiffers(Connection& connection, const StoredContent& comment,
                               const StoredEntry& added, const Beginning& beginning) {
  if (comment.change_position == 0) return UnchangedDiffers(comment, added.entry, beginning);
  const std::optional<StoredEntry> change =
      FindStoredEntry(connection, added.entry.org_id, comment.change_position);
  if (change.has_value() && change->entry.comment_id == comment.comment_id &&
      change->entry.invoice_id == comment.invoice_id) {
    const std::string_view action = change->entry.action;
    if (action == kActionEdited) return EditedDiffers(comment, *change);
    if (action == kActionRemoved || action == kActionErased) {
      return RemovedDiffers(comment, *change);
    }
  }
  return "says that it was changed, and no entry does";
}

// What it said first, which was kept when it changed, or when it was imported as removed.
std::string_view FirstRevisionDiffers(const StoredRevision& first, const StoredContent& comment,
                                      const AuditEntry& added, const Beginning& beginning) {
  const std::int64_t time = beginning.edit_time == 0 ? comment.create_time : beginning.edit_time;
  if (first.editor_id != comment.author_id || first.editor_name != comment.author_name ||
      first.time != time || first.event_position != comment.position) {
    return "has a first revision of another author, time or event than its entry says";
  }
  if (comment.erased == 0 && added.format == 2 &&
      Commitment(first.body_salt, first.body) != added.content_commitment) {
    return "has a first revision that does not say what its entry committed to";
  }
  return "";
}

// All kept revisions: those after the first are also compared with the entries of their edits.
std::string_view RevisionsDiffer(Connection& connection, const StoredContent& comment,
                                 const AuditEntry& added, const Beginning& beginning) {
  std::int64_t seen = 0;
  // Whatever number a forged one has.
  std::int64_t from = std::numeric_limits<std::int64_t>::min();
  std::int64_t newest_time = beginning.edit_time;
  for (bool more = true; more;) {
    const std::vector<StoredRevision> revisions =
        ReadStoredRevisions(connection, added.org_id, comment.position, from, kRevisionsAtATime);
    for (const StoredRevision& revision : revisions) {
      if (revision.revision <= seen) return "has a revision that no entry tells of";
      if (revision.revision != ++seen) return "has lost a revision";
      if (revision.erased != comment.erased ||
          (revision.erased != 0 && (!revision.body.empty() || !revision.body_salt.empty()))) {
        return "has a revision that is erased, or is not, as the comment is";
      }
      if (seen == 1) {
        const std::string_view what = FirstRevisionDiffers(revision, comment, added, beginning);
        if (!what.empty()) return what;
      } else {
        newest_time = revision.time;
      }
    }
    from = seen + 1;
    more =
        revisions.size() == static_cast<std::size_t>(kRevisionsAtATime) && seen <= comment.revision;
  }
  if (seen < comment.revision) return "has lost a revision";
  if (seen > comment.revision) return "has a revision that no entry tells of";
  if (comment.edit_time != newest_time) {
    return "was edited another time than the entry of its edit says";
  }
  return "";
}

}  // namespace

std::string_view CommentDiffers(Connection& connection, const StoredContent& comment,
                                const StoredEntry& added) {
  const Beginning beginning(added);
  std::string_view what = OriginDiffers(comment, added, beginning);
  if (what.empty()) what = NewestDiffers(connection, comment, added, beginning);
  if (what.empty() && (comment.change_position != 0 || beginning.is_removed)) {
    what = RevisionsDiffer(connection, comment, added.entry, beginning);
  }
  // Whatever came later, nobody removes it anew.
  if (what.empty() && beginning.is_removed && !beginning.RemovedAs(comment)) {
    what = "was removed by another, at another time or for another reason than its entry says";
  }
  return what;
}

std::string_view ChangeDiffers(Connection& connection, const StoredContent& comment,
                               const StoredEntry& change) {
  const AuditEntry& entry = change.entry;
  if (comment.change_position < entry.position || comment.revision < entry.revision) {
    return "is as it was before a change that an entry tells of";
  }
  if (entry.action == kActionErased) {
    return comment.erased != 0 ? "" : "is not erased as an entry says";
  }
  if (entry.action == kActionRemoved) return RemovalDiffers(comment, change);
  const std::optional<StoredRevision> revision =
      FindStoredRevision(connection, entry.org_id, comment.position, entry.revision);
  if (!revision.has_value()) return "has lost a revision";
  if (revision->editor_id != entry.actor_id || revision->editor_name != entry.actor_name ||
      revision->time != TimeOf(change) || revision->event_position != entry.position) {
    return "has a revision of another editor, time or event than the entry of its edit says";
  }
  if (comment.erased == 0 &&
      Commitment(revision->body_salt, revision->body) != entry.content_commitment) {
    return "has a revision that does not say what the entry of its edit committed to";
  }
  return "";
}

std::string_view ErasureDiffers(const StoredContent& comment, const StoredEntry& erasure) {
  return RemovalDiffers(comment, erasure);
}

}  // namespace marginalia
