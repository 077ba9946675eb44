#include "comments-service/record/evidence_check.h"

#include <map>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "comments-service/record/commitment.h"
#include "comments-service/record/imported_reason.h"
#include "comments-service/record/merkle_tree.h"

namespace marginalia {
namespace {

// What the entries say of one comment.
struct EntriesOfComment {
  // By revision: who said what.
  std::map<std::int64_t, const AuditEntry*> said;
  const AuditEntry* removed = nullptr;
  const AuditEntry* erased = nullptr;
  // Of one that was imported.
  std::optional<ImportedOrigin> origin = std::nullopt;

  bool imported_as_removed() const { return origin && origin->removal; }
};

// Whether nobody knew any more what the comment had said when it was imported.
bool WasImportedErased(const AuditEntry& entry) {
  return entry.action == kActionImported && entry.format == 2 && entry.content_commitment.empty();
}

bool Says(const AuditEntry& entry) { return AddsComment(entry) || entry.action == kActionEdited; }

class EvidenceCheck {
 public:
  EvidenceCheck(const Evidence& evidence, std::span<const VerifierKey> keys)
      : evidence_(evidence), keys_(keys) {}

  EvidenceVerdict Run() {
    CheckCheckpoint();
    CheckEntries();
    SortEntries();
    for (const EvidenceComment& comment : evidence_.comments) CheckComment(comment);
    for (const auto& [comment_id, entries] : entries_) {
      if (!seen_.contains(comment_id)) {
        Fail("the entries speak of comment ", comment_id, ", which the file does not have");
      }
    }
    CheckState();
    return std::move(verdict_);
  }

 private:
  template <typename... Pieces>
  void Fail(const Pieces&... pieces) {
    if (++verdict_.failure_count <= static_cast<std::int64_t>(kEvidenceFailuresMax)) {
      verdict_.failures.push_back(absl::StrCat(pieces...));
    }
  }

  void CheckCheckpoint() {
    const absl::StatusOr<Checkpoint> checkpoint = OpenCheckpoint(evidence_.checkpoint, keys_);
    if (!checkpoint.ok()) {
      return Fail("the checkpoint: ", std::string(checkpoint.status().message()));
    }
    verdict_.checkpoint = *checkpoint;
    checkpoint_holds_ = true;
  }

  void CheckEntries() {
    const AuditEntry* before = nullptr;
    for (const EvidenceEntry& each : evidence_.entries) {
      CheckEntry(each, before);
      before = &each.entry;
    }
    if (before == nullptr) Fail("the file holds no entry, so it proves nothing");
  }

  void CheckEntry(const EvidenceEntry& each, const AuditEntry* before) {
    const AuditEntry& entry = each.entry;
    const std::string name = absl::StrCat("entry ", entry.number);
    const std::int64_t failures = verdict_.failure_count;
    if (before != nullptr && entry.number <= before->number) {
      Fail(name, " stands behind entry ", before->number);
    }
    if (before != nullptr && entry.number == before->number + 1 &&
        each.previous_hash != before->hash) {
      Fail(name, " does not follow from the one before it");
    }
    if (entry.invoice_id != evidence_.invoice_id) {
      Fail(name, " is of invoice ", entry.invoice_id, ", not of ", evidence_.invoice_id);
    }
    if (entry.hash != EntryHash(each.previous_hash, entry)) {
      Fail(name, " does not carry the hash that its content demands");
    }
    if (entry.format == 1 && (entry.revision != 0 || !entry.name_commitment.empty() ||
                              !entry.content_commitment.empty() || !entry.reason.empty())) {
      Fail(name, " says more than its format covers");
    }
    CheckProof(each, name);
    if (verdict_.failure_count == failures && checkpoint_holds_) ++verdict_.entries_proven;
  }

  void CheckProof(const EvidenceEntry& each, const std::string& name) {
    if (!checkpoint_holds_) return;
    if (!IsOriginOf(verdict_.checkpoint.origin, each.entry.org_id)) {
      Fail(name, " is of tenant ", each.entry.org_id, ", and the checkpoint of ",
           verdict_.checkpoint.origin);
    }
    const absl::StatusOr<InclusionProofText> proof = ParseProof(each.proof);
    if (!proof.ok()) return Fail(name, ": ", std::string(proof.status().message()));
    const Digest leaf = EntryLeaf(each.previous_hash, each.entry);
    if (proof->index != each.entry.number - 1 ||
        !ProvesInclusion(leaf, proof->index, verdict_.checkpoint.size, proof->hashes,
                         verdict_.checkpoint.root)) {
      Fail(name, " is not in the tree that the checkpoint signs");
    }
  }

  void SortEntries() {
    for (const EvidenceEntry& each : evidence_.entries) {
      const AuditEntry& entry = each.entry;
      if (entry.comment_id.empty()) {
        if (!SettlesThread(entry)) {
          Fail("entry ", entry.number, " has the action ", entry.action, ", but no comment");
        }
        state_ = &entry;
        continue;
      }
      EntriesOfComment& entries = entries_[entry.comment_id];
      if (Says(entry)) {
        // Format 1 knew no revisions: what was added was the first.
        const std::int64_t revision = entry.format == 1 ? 1 : entry.revision;
        if (entry.action == kActionImported) entries.origin = ImportedOriginOf(entry);
        if (!entries.said.emplace(revision, &entry).second) {
          Fail("entry ", entry.number, " says revision ", revision, " a second time");
        }
      } else if (entry.action == kActionRemoved) {
        entries.removed = &entry;
      } else if (entry.action == kActionErased) {
        entries.erased = &entry;
        if (entries.removed == nullptr) entries.removed = &entry;
      } else {
        Fail("entry ", entry.number, " has an unknown action, ", entry.action);
      }
    }
  }

  void CheckComment(const EvidenceComment& comment) {
    const std::string name =
        absl::StrCat("comment ", comment.sequence, " (", comment.comment_id, ")");
    const auto found = entries_.find(comment.comment_id);
    if (found == entries_.end()) return Fail(name, " has no entry");
    if (!seen_.emplace(comment.comment_id, &comment).second) return Fail(name, " is there twice");
    if (comment.sequence != ++sequence_) Fail(name, " stands where ", sequence_, " should");
    const EntriesOfComment& entries = found->second;
    CheckBeginning(comment, entries, name);
    if (comment.revisions.size() != entries.said.size()) {
      Fail(name, " has ", comment.revisions.size(), " revisions, and the entries speak of ",
           entries.said.size());
    }
    std::int64_t expected = 0;
    for (const EvidenceRevision& revision : comment.revisions) {
      const std::string revision_name = absl::StrCat("revision ", revision.revision, " of ", name);
      if (revision.revision != ++expected)
        Fail(revision_name, " stands where ", expected, " should");
      const auto entry = entries.said.find(revision.revision);
      if (entry == entries.said.end()) {
        Fail(revision_name, " has no entry");
        continue;
      }
      CheckRevision(revision, *entry->second, entries, revision_name);
    }
    CheckRemoval(comment, entries, name);
  }

  // Comments stand in the order of their first entries, and say when they were made.
  void CheckBeginning(const EvidenceComment& comment, const EntriesOfComment& entries,
                      const std::string& name) {
    const auto first = entries.said.find(1);
    if (first == entries.said.end()) return Fail(name, " has no entry that adds it");
    const AuditEntry& entry = *first->second;
    if (entry.number <= last_added_) Fail(name, " was added before the comment before it");
    last_added_ = entry.number;
    const std::optional<ImportedOrigin>& origin = entries.origin;
    if (!comment.revisions.empty() &&
        comment.revisions.front().time != (origin ? origin->said_time() : comment.create_time)) {
      Fail(name, " has another time than its first revision");
    }
    if (entry.action == kActionImported) {
      if (entry.format == 1 || comment.revisions.empty()) return;
      if (!origin || origin->author_id != comment.revisions.front().editor.user_id ||
          origin->create_time != comment.create_time) {
        Fail(name, " has another author or time than entry ", entry.number, " says");
      }
    } else if (comment.create_time != entry.create_time && entry.format == 2) {
      Fail(name, " has another time than entry ", entry.number, " says");
    }
  }

  void CheckRevision(const EvidenceRevision& revision, const AuditEntry& entry,
                     const EntriesOfComment& entries, const std::string& name) {
    const bool imported = entry.action == kActionImported;
    CheckPerson(revision.editor, entry, !imported, name);
    if (!imported && revision.time != entry.create_time && entry.format == 2) {
      Fail(name, " has another time than entry ", entry.number, " says");
    }
    if (revision.erased != (entries.erased != nullptr || WasImportedErased(entry))) {
      return Fail(name, revision.erased ? " is erased, and no entry says so"
                                        : " is not erased, and an entry says that it is");
    }
    if (revision.erased) {
      if (revision.body.has_value()) return Fail(name, " is erased, and its text is there");
      ++verdict_.texts_erased;
    } else if (!revision.body.has_value()) {
      if (entries.removed == nullptr && !entries.imported_as_removed()) {
        return Fail(name, " has no text, and was not removed");
      }
      ++verdict_.texts_withheld;
    } else if (entry.format == 1) {
      ++verdict_.texts_uncovered;
    } else if (revision.salt.size() != kSaltBytes ||
               Commitment(revision.salt, *revision.body) != entry.content_commitment) {
      Fail(name, " does not say what entry ", entry.number, " committed to");
    } else {
      ++verdict_.texts_proven;
    }
  }

  // `is_actor`: the person is the one who did it, not the author of what was imported.
  void CheckPerson(const EvidencePerson& person, const AuditEntry& entry, bool is_actor,
                   const std::string& name) {
    if (is_actor && person.user_id != entry.actor_id) {
      Fail(name, " is by ", person.user_id, ", and entry ", entry.number, " says ", entry.actor_id);
    }
    if (entry.format == 1) {
      if (is_actor && person.display_name != entry.actor_name) {
        Fail(name, " is by \"", person.display_name, "\", and entry ", entry.number, " says \"",
             entry.actor_name, "\"");
      }
    } else if (person.salt.size() != kSaltBytes ||
               Commitment(person.salt, person.display_name) != entry.name_commitment) {
      Fail(name, " is by another name than entry ", entry.number, " committed to");
    }
  }

  void CheckRemoval(const EvidenceComment& comment, const EntriesOfComment& entries,
                    const std::string& name) {
    const bool imported = entries.imported_as_removed();
    if (comment.removal.has_value() != (imported || entries.removed != nullptr)) {
      return Fail(name, comment.removal.has_value() ? " is removed, and no entry says so"
                                                    : " is not removed, and an entry says it is");
    }
    if (!comment.removal.has_value()) return;
    const std::string removal = absl::StrCat("the removal of ", name);
    if (imported) return CheckImportedRemoval(*comment.removal, *entries.origin->removal, removal);
    const AuditEntry& entry = *entries.removed;
    CheckPerson(comment.removal->actor, entry, true, removal);
    if (comment.removal->reason != entry.reason) {
      Fail(removal, " has another reason than entry ", entry.number, " says");
    }
    if (comment.removal->time != entry.create_time) {
      Fail(removal, " has another time than entry ", entry.number, " says");
    }
  }

  // The entry of the import says all of it, and commits to the name.
  void CheckImportedRemoval(const EvidenceRemoval& removal, ImportedRemoval imported,
                            const std::string& name) {
    imported.actor_name.salt = removal.actor.salt;
    if (!imported.Is(removal.time, removal.actor.user_id, removal.actor.display_name,
                     removal.reason)) {
      Fail(name, " is not the one that the entry of its import says");
    }
    CheckNeeded(removal.actor, imported.actor_name, name);
  }

  // Before they were committed to, entries said names in clear.
  void CheckNeeded(const EvidencePerson& person, const RecordedName& recorded,
                   const std::string& name) {
    if (recorded.commitment.empty() && !person.salt.empty()) {
      Fail(name, " has a salt, and no commitment to a name");
    }
  }

  void CheckState() {
    if (evidence_.state.has_value() != (state_ != nullptr)) {
      return Fail("the thread's state is not what the entries say");
    }
    if (state_ == nullptr) return;
    const EvidenceState& state = *evidence_.state;
    const std::optional<ImportedClosing> closing = ImportedClosingOf(*state_, state.actor.salt);
    if (closing) {
      if (!state.resolved || state.time != closing->time ||
          state.actor.user_id != closing->actor_id ||
          !closing->actor_name.Is(state.actor.display_name)) {
        Fail("the thread's state is not what entry ", state_->number, " says that was imported");
      }
      return CheckNeeded(state.actor, closing->actor_name, "the thread's state");
    }
    if (state.resolved != (state_->action == kActionResolved) ||
        state.time != state_->create_time) {
      Fail("the thread's state is not what entry ", state_->number, " says");
    }
    CheckPerson(state.actor, *state_, true, "the thread's state");
  }

  const Evidence& evidence_;
  const std::span<const VerifierKey> keys_;
  EvidenceVerdict verdict_;
  bool checkpoint_holds_ = false;
  std::map<std::string, EntriesOfComment> entries_;
  std::map<std::string, const EvidenceComment*> seen_;
  // The newest entry of the thread's state.
  const AuditEntry* state_ = nullptr;
  std::int64_t sequence_ = 0;
  std::int64_t last_added_ = 0;
};

}  // namespace

EvidenceVerdict CheckEvidence(const Evidence& evidence, std::span<const VerifierKey> keys) {
  return EvidenceCheck(evidence, keys).Run();
}

}  // namespace marginalia
