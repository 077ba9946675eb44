#include "tests/record/evidence_under_test.h"

#include <utility>
#include <vector>

#include "comments-service/record/checkpoint.h"
#include "comments-service/record/commitment.h"
#include "comments-service/record/imported_reason.h"
#include "comments-service/record/merkle_tree.h"

namespace marginalia {
namespace {

constexpr char kOrg[] = "north light";
constexpr char kInvoice[] = "0190c6a8-0000-7000-8000-000000001042";

absl::Time At(std::int64_t seconds) {
  return absl::FromUnixMicros(1'700'000'000'000'000 + seconds * 1'000'000 + 7);
}

std::string CommentIdOf(int sequence) {
  return "0190c6a8-0000-7000-8000-00000000000" + std::to_string(sequence);
}

class SmallLog {
 public:
  // Of another thread of the tenant.
  void AddOther() { Append(New(kActionAdded, "other", At(1)), "another invoice's"); }

  void Append(AuditEntry entry, std::string invoice_id = kInvoice) {
    entry.number = static_cast<std::int64_t>(leaves_.size()) + 1;
    entry.invoice_id = invoice_id;
    const std::string previous = hash_;
    leaves_.push_back(EntryLeaf(previous, entry));
    entry.hash = hash_ = EntryHash(previous, entry);
    if (invoice_id == kInvoice) {
      entries_.push_back({.entry = std::move(entry), .previous_hash = previous, .proof = ""});
    }
  }

  static AuditEntry New(std::string_view action, std::string comment_id, absl::Time time) {
    AuditEntry entry;
    entry.format = 2;
    entry.org_id = kOrg;
    entry.actor_id = "dana";
    entry.action = action;
    entry.comment_id = std::move(comment_id);
    entry.request_id = "request";
    entry.create_time = time;
    return entry;
  }

  Digest Subtree(int level, std::int64_t index) const {
    GrowingTree tree;
    for (std::int64_t i = 0; i < std::int64_t{1} << level; ++i) {
      tree.Add(leaves_[static_cast<std::size_t>((index << level) + i)]);
    }
    return tree.Root();
  }

  std::vector<EvidenceEntry> Proven() const {
    const auto size = static_cast<std::int64_t>(leaves_.size());
    std::vector<EvidenceEntry> entries = entries_;
    for (EvidenceEntry& each : entries) {
      const std::int64_t index = each.entry.number - 1;
      each.proof = FormatProof(
          {.index = index,
           .hashes = InclusionProof(
               index, size, [this](int level, std::int64_t at) { return Subtree(level, at); }),
           .checkpoint = ""});
    }
    return entries;
  }

  std::string Signed(const SigningKey& key) const {
    GrowingTree tree;
    for (const Digest& leaf : leaves_) tree.Add(leaf);
    return SignNote(CheckpointText({.origin = CheckpointOrigin("00ff00ff00ff00ff", kOrg),
                                    .size = tree.size(),
                                    .root = tree.Root()}),
                    kCheckpointKeyName, {{key}});
  }

 private:
  std::vector<Digest> leaves_;
  std::vector<EvidenceEntry> entries_;
  std::string hash_;
};

class ThreadOnRecord {
 public:
  void AddOfFormat1() {
    AuditEntry entry = SmallLog::New(kActionAdded, CommentIdOf(1), At(10));
    entry.format = 1;
    entry.position = 77;
    entry.actor_name = "Dana";
    log.Append(entry);
    evidence.comments.push_back(
        {.comment_id = CommentIdOf(1),
         .sequence = 1,
         .create_time = At(10),
         .removal = std::nullopt,
         .revisions = {{.revision = 1,
                        .body = "Before there were commitments.",
                        .salt = "",
                        .editor = {.user_id = "dana", .display_name = "Dana", .salt = ""},
                        .time = At(10)}}});
  }

  void Say(int sequence, std::int64_t revision, std::string_view action, absl::Time time,
           std::string body) {
    if (revision == 1) {
      evidence.comments.push_back({.comment_id = CommentIdOf(sequence),
                                   .sequence = sequence,
                                   .create_time = time,
                                   .removal = std::nullopt,
                                   .revisions = {}});
    }
    AuditEntry entry = SmallLog::New(action, CommentIdOf(sequence), time);
    EvidenceRevision said{.revision = revision,
                          .body = std::move(body),
                          .salt = NewSalt(),
                          .editor = Dana(entry),
                          .time = time};
    if (action == kActionImported) {
      entry.actor_id = "importer";
      entry.create_time = At(1000);
      entry.reason = ImportedReason(ImportedOrigin{.author_id = "dana", .create_time = time});
    }
    entry.revision = revision;
    entry.content_commitment = Commitment(said.salt, *said.body);
    log.Append(entry);
    Comment(sequence).revisions.push_back(std::move(said));
  }

  void Remove(int sequence, std::string_view action, absl::Time time, std::string reason) {
    AuditEntry entry = SmallLog::New(action, CommentIdOf(sequence), time);
    entry.revision = 1;
    entry.reason = reason;
    Comment(sequence).removal = {.time = time, .actor = Dana(entry), .reason = std::move(reason)};
    log.Append(entry);
    if (action != kActionErased) return;
    for (EvidenceRevision& revision : Comment(sequence).revisions) {
      revision.body.reset();
      revision.salt.clear();
      revision.erased = true;
    }
  }

  void Settle(bool resolved, absl::Time time) {
    AuditEntry entry = SmallLog::New(resolved ? kActionResolved : kActionReopened, "", time);
    evidence.state = {.resolved = resolved, .time = time, .actor = Dana(entry)};
    log.Append(entry);
  }

  EvidenceComment& Comment(int sequence) {
    return evidence.comments[static_cast<std::size_t>(sequence - 1)];
  }

  Evidence evidence;
  SmallLog log;

 private:
  static EvidencePerson Dana(AuditEntry& entry) {
    EvidencePerson person{.user_id = "dana", .display_name = "D\u00E4na", .salt = NewSalt()};
    entry.name_commitment = Commitment(person.salt, person.display_name);
    return person;
  }
};

}  // namespace

VerifierKey EvidenceUnderTest::verifier() const { return key.Verifier(kCheckpointKeyName); }

EvidenceUnderTest MakeEvidence(bool shows_removed) {
  ThreadOnRecord thread;
  thread.AddOfFormat1();
  thread.log.AddOther();
  thread.Say(2, 1, kActionAdded, At(20), "Is this paid?");
  thread.Say(3, 1, kActionAdded, At(30), "Sent to the wrong thread");
  thread.Settle(true, At(35));
  thread.Say(2, 2, kActionEdited, At(40), "Is this paid in full?\nI think so \U0001F642");
  thread.log.AddOther();
  thread.Say(4, 1, kActionAdded, At(50), "4111 1111 1111 1111");
  thread.Settle(false, At(55));
  thread.Remove(3, kActionRemoved, At(60), "wrong thread");
  thread.Remove(4, kActionErased, At(70), "a card number");
  thread.Say(5, 1, kActionImported, At(5), "From the old system");
  thread.Settle(true, At(80));
  thread.log.AddOther();
  EvidenceUnderTest made{.evidence = thread.evidence};
  if (!shows_removed) {
    EvidenceRevision& kept = made.evidence.comments[2].revisions.front();
    kept.body.reset();
    kept.salt.clear();
  }
  made.evidence.invoice_id = kInvoice;
  made.evidence.entries = thread.log.Proven();
  made.evidence.checkpoint = thread.log.Signed(made.key);
  return made;
}

}  // namespace marginalia
