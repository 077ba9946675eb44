#include "comments-service/evidence/evidence_work.h"

#include <algorithm>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "comments-service/audit/audit_log.h"
#include "comments-service/audit/audit_tree.h"
#include "comments-service/audit/tree_growth.h"
#include "comments-service/record/damaged_record.h"
#include "comments-service/record/imported_reason.h"
#include "comments-service/thread/store/comment_store.h"
#include "services/errors/errors.h"

namespace marginalia {
namespace {

// Texts of a thread that are read at most; the file has as many and what stands around them.
constexpr std::int64_t kTextBytesMax = kEvidenceBytesMax;
constexpr absl::Duration kBehindRetryAfter = absl::Seconds(1);

absl::Status TooLarge(std::string_view what) {
  return Refusal(absl::StatusCode::kFailedPrecondition, "EVIDENCE_TOO_LARGE",
                 absl::StrCat("the thread has more than ", std::string(what),
                              ", which one evidence file does not hold: export the audit log"));
}

absl::Status Behind() {
  return Refusal(absl::StatusCode::kUnavailable, "RECORD_BEHIND",
                 "entries of this thread are still being taken into the record's tree: try again",
                 {}, kBehindRetryAfter);
}

// What to answer while the entry with this number is not in the tree. Throws DamagedRecord when it
// will never be: what the tree lacks next cannot be taken in.
absl::Status BehindOrDamaged(Connection& connection, const std::string& org_id,
                             std::int64_t number) {
  if (NextGrowth(connection, org_id).entry_count < number) {
    throw DamagedRecord("the audit log goes on behind its end");
  }
  return Behind();
}

// The salts of names, by what was done. There is none where the entry of an import says the name in
// clear.
class NameSalts {
 public:
  explicit NameSalts(const std::vector<StoredEvidenceEntry>& entries) {
    for (const StoredEvidenceEntry& stored : entries) Add(stored);
  }

  std::string OfRevision(const std::string& comment_id, std::int64_t revision) const {
    return Find(said_, {comment_id, revision});
  }
  // An erasure removes as well, unless that was done before.
  std::string OfRemoval(const std::string& comment_id) const { return Find(removed_, comment_id); }
  const std::string& of_state() const { return state_; }

 private:
  template <class Map>
  static std::string Find(const Map& map, const typename Map::key_type& key) {
    const auto found = map.find(key);
    return found == map.end() ? "" : found->second;
  }

  void Add(const StoredEvidenceEntry& stored) {
    const AuditEntry& entry = stored.entry;
    if (entry.comment_id.empty()) {
      state_ = ImportedClosingOf(entry) ? stored.salts.reason : stored.salts.name;
    } else if (entry.action == kActionRemoved || entry.action == kActionErased) {
      removed_.emplace(entry.comment_id, stored.salts.name);
    } else {
      // Format 1 knew no revisions: what was added was the first.
      const std::int64_t revision = entry.format == 1 ? 1 : entry.revision;
      said_.emplace(std::pair(entry.comment_id, revision), stored.salts.name);
      const std::optional<ImportedOrigin> origin = ImportedOriginOf(entry);
      if (origin && origin->removal) removed_.emplace(entry.comment_id, stored.salts.reason);
    }
  }

  std::map<std::pair<std::string, std::int64_t>, std::string> said_;
  std::map<std::string, std::string> removed_;
  std::string state_;
};

std::vector<EvidenceComment> CommentsOf(std::vector<StoredEvidenceComment> stored,
                                        std::vector<StoredEvidenceRevision> revisions,
                                        const NameSalts& salts, bool shows_removed) {
  std::unordered_map<std::int64_t, std::vector<EvidenceRevision>> changed;
  for (StoredEvidenceRevision& each : revisions) {
    changed[each.position].push_back(std::move(each.revision));
  }
  std::vector<EvidenceComment> comments;
  comments.reserve(stored.size());
  for (StoredEvidenceComment& each : stored) {
    EvidenceComment& comment = each.comment;
    if (const auto all = changed.find(each.position); all != changed.end()) {
      comment.revisions = std::move(all->second);
    }
    for (EvidenceRevision& revision : comment.revisions) {
      revision.editor.salt = salts.OfRevision(comment.comment_id, revision.revision);
      if (!revision.erased && (!comment.removal.has_value() || shows_removed)) continue;
      revision.body.reset();
      revision.salt.clear();
    }
    if (comment.removal) comment.removal->actor.salt = salts.OfRemoval(comment.comment_id);
    comments.push_back(std::move(comment));
  }
  return comments;
}

std::optional<EvidenceState> StateOf(const Thread& thread, const NameSalts& salts) {
  if (thread.state_time == absl::InfinitePast()) return std::nullopt;
  return EvidenceState{.resolved = thread.resolved,
                       .time = thread.state_time,
                       .actor = {.user_id = thread.state_actor.user_id,
                                 .display_name = thread.state_actor.display_name,
                                 .salt = salts.of_state()}};
}

}  // namespace

absl::Status EvidenceWork::Step(Connection& connection) {
  if (!read_) return ReadAll(connection);
  Prove(connection);
  return absl::OkStatus();
}

absl::Status EvidenceWork::ReadAll(Connection& connection) {
  // The connection's snapshot may be tried anew.
  evidence_ = Evidence();
  const Thread thread = ReadThread(connection, thread_.org_id, thread_.invoice_id);
  // Each of its places and changes has an entry. Told first: the databases go through all of them
  // however few are asked for, while other tenants' files wait.
  if (thread.revision() > static_cast<std::int64_t>(kEvidenceEntriesMax)) {
    return TooLarge(absl::StrCat(kEvidenceEntriesMax, " entries"));
  }
  AuditTree tree(connection, thread_.org_id);
  size_ = tree.size();
  std::vector<StoredEvidenceEntry> entries =
      ReadEntriesOfThread(connection, thread_, kEvidenceEntriesMax + 1);
  if (entries.size() > kEvidenceEntriesMax) {
    return TooLarge(absl::StrCat(kEvidenceEntriesMax, " entries"));
  }
  for (const StoredEvidenceEntry& stored : entries) {
    const std::int64_t number = stored.entry.number;
    if (number > size_) return BehindOrDamaged(connection, thread_.org_id, number);
    if (number < 1) throw DamagedRecord("an audit entry has no number");
  }
  std::int64_t bytes_max = kTextBytesMax;
  std::vector<StoredEvidenceComment> comments =
      ReadCommentsOfThread(connection, thread_, bytes_max);
  std::vector<StoredEvidenceRevision> revisions;
  if (bytes_max >= 0) revisions = ReadRevisionsOfThread(connection, thread_, bytes_max);
  if (bytes_max < 0) return TooLarge(absl::StrCat(kTextBytesMax >> 20, " MiB of text"));
  const NameSalts salts(entries);
  evidence_.invoice_id = thread_.invoice_id;
  evidence_.state = StateOf(thread, salts);
  evidence_.comments = CommentsOf(std::move(comments), std::move(revisions), salts, shows_removed_);
  evidence_.checkpoint = checkpoints_.Note(thread_.org_id, size_, tree.Root(size_));
  verifier_keys_ = checkpoints_.VerifierKeys();
  for (StoredEvidenceEntry& stored : entries) {
    evidence_.entries.push_back({.entry = std::move(stored.entry),
                                 .previous_hash = std::move(stored.previous_hash),
                                 .proof = ""});
  }
  read_ = true;
  return absl::OkStatus();
}

void EvidenceWork::Prove(Connection& connection) {
  AuditTree tree(connection, thread_.org_id);
  const std::size_t end = std::min(evidence_.entries.size(), proven_ + kProofsAStep);
  for (std::size_t i = proven_; i < end; ++i) {
    EvidenceEntry& each = evidence_.entries[i];
    const std::int64_t index = each.entry.number - 1;
    each.proof =
        FormatProof({.index = index, .hashes = tree.Inclusion(index, size_), .checkpoint = ""});
  }
  proven_ = end;
}

}  // namespace marginalia
