#include "comments-service/audit/audit_verifier.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "comments-service/audit/audit_store.h"
#include "comments-service/audit/tree_store.h"
#include "comments-service/record/merkle_tree.h"
#include "comments-service/record/tree_tiles.h"
#include "services/errors/errors.h"
#include "services/process/stopwatch.h"

namespace marginalia {
namespace {

constexpr absl::Duration kQueueFullRetryAfter = absl::Seconds(5);
constexpr absl::Duration kStoppingRetryAfter = absl::Seconds(1);

absl::Status QueueFull() {
  return Refusal(absl::StatusCode::kResourceExhausted, "VERIFY_QUEUE_FULL",
                 "too many audit logs are being verified: try again later", {},
                 kQueueFullRetryAfter);
}

absl::Status Draining() {
  return Refusal(absl::StatusCode::kUnavailable, "DRAINING", "the server is going away: try again",
                 {}, kStoppingRetryAfter);
}

absl::Status TooLate() {
  return Refusal(absl::StatusCode::kDeadlineExceeded, "DEADLINE_EXCEEDED",
                 "the deadline passed before the whole audit log was verified");
}

absl::Status GivenUp() { return absl::CancelledError("the caller has given the verification up"); }

}  // namespace

// One verification, step by step. All that is looked at is at or before the head that the first
// step finds: nothing there changes any more, so each step may take a snapshot of its own.
class AuditVerifier::Verification {
 public:
  explicit Verification(std::string org_id) : org_id_(std::move(org_id)) {}

  bool done() const { return stage_ == Stage::kDone; }
  AuditVerdict verdict() const {
    return {.entry_count = checked_,
            .head_hash = hash_,
            .first_broken_position = broken_.position,
            .broken = broken_};
  }

  absl::Status Step(Connection& connection) {
    switch (stage_) {
      case Stage::kHead:
        head_ = ReadAuditHead(connection, org_id_);
        stored_tree_ = ReadStoredTree(connection, org_id_);
        // What stands behind the head cannot have got there by an append.
        Broken(FirstAfter(connection, org_id_, head_.position), "stands behind the log's end");
        stage_ = Stage::kChain;
        break;
      case Stage::kChain:
        StepAlongChain(connection);
        break;
      case Stage::kDone:
        break;
    }
    return absl::OkStatus();
  }

 private:
  enum class Stage { kHead, kChain, kDone };

  // Keeps the first of what was found.
  void Broken(ContentFinding finding) {
    const bool first = broken_.position == 0 || finding.position < broken_.position;
    if (finding.position != 0 && first) broken_ = std::move(finding);
  }
  void Broken(std::int64_t position, std::string_view what) {
    Broken({.position = position, .number = 0, .comment_id = "", .what = std::string(what)});
  }
  void Broken(const AuditEntry& entry, std::string_view what) {
    Broken({.position = entry.position,
            .number = checked_ + 1,
            .comment_id = entry.comment_id,
            .what = std::string(what)});
  }

  void StepAlongChain(Connection& connection) {
    const std::vector<AuditEntry> entries =
        ReadAuditEntries(connection, org_id_, position_, kVerifyChunkRows);
    const std::int64_t before = position_;
    for (const AuditEntry& entry : entries) {
      if (entry.position > head_.position) break;
      CheckEntry(connection, entry);
    }
    const bool ended =
        entries.size() < static_cast<std::size_t>(kVerifyChunkRows) || position_ == head_.position;
    if (ended) CheckEnd();
    CheckStretch(connection, entries,
                 {.org_id = org_id_, .after = before, .last = ended ? head_.position : position_});
    if (ended) stage_ = Stage::kDone;
  }

  void CheckEntry(Connection& connection, const AuditEntry& entry) {
    if (entry.format < 1 || entry.format > 2) Broken(entry, "has an entry of an unknown format");
    if (entry.hash != EntryHash(hash_, entry)) {
      Broken(entry, "has an entry without the hash that its content and place demand");
    }
    // The hash of format 2 says nothing of positions: it is the numbers that have no gap.
    if (entry.number != checked_ + 1) Broken(entry, "has an entry with another number");
    tree_.Add(EntryLeaf(hash_, entry), [&](int level, std::int64_t index, const Digest& hash) {
      if (!IsStoredNode(level, index)) return;
      const std::optional<TreeNode> stored = FindNode(connection, org_id_, level, index);
      if (!stored.has_value() || stored->hash != hash || stored->position != entry.position) {
        Broken(entry, "has an entry that the stored tree does not have");
      }
    });
    hash_ = entry.hash;
    position_ = entry.position;
    ++checked_;
    if (entry.action != kActionAdded && entry.action != kActionImported) ++changes_;
    if (checked_ == stored_tree_.leaf_count) tree_ends_ = position_ == stored_tree_.position;
  }

  bool IsStoredNode(int level, std::int64_t index) const {
    return level % kTileLevels == 0 && (index + 1) << level <= stored_tree_.leaf_count;
  }

  void CheckStretch(Connection& connection, const std::vector<AuditEntry>& entries,
                    const AuditStretch& stretch) {
    Broken(FirstEntryWithoutComment(connection, stretch), "has an entry, but is not in its thread");
    Broken(FirstCommentWithoutEntry(connection, stretch), "has no entry");
    Broken(FirstEntryWithoutEvent(connection, stretch), "has an entry, but its event is missing");
    if (std::optional<ContentFinding> content = FirstWrongContent(connection, stretch, entries)) {
      Broken(*std::move(content));
    }
  }

  // A chain whose tail was cut off is whole in itself, but does not lead to its head.
  void CheckEnd() {
    const bool whole =
        position_ == head_.position && hash_ == head_.hash && checked_ == head_.entry_count;
    if (!whole || changes_ != head_.change_count) {
      Broken(head_.position, "is the log's end, and the entries do not lead to it");
    }
    if (stored_tree_.leaf_count != 0 && !tree_ends_) {
      Broken(head_.position, "is the log's end, and the stored tree ends elsewhere");
    }
  }

  const std::string org_id_;
  Stage stage_ = Stage::kHead;
  AuditHead head_;
  std::int64_t position_ = 0;
  std::int64_t checked_ = 0;
  std::int64_t changes_ = 0;
  StoredTree stored_tree_;
  bool tree_ends_ = false;
  GrowingTree tree_;
  ContentFinding broken_;
  std::string hash_;
};

AuditVerifier::AuditVerifier(Database& database) : database_(database) {
  thread_ = std::thread([this] { Work(); });
}

AuditVerifier::~AuditVerifier() {
  Stop();
  thread_.join();
}

void AuditVerifier::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
}

void AuditVerifier::Verify(const CallContext& call, Answer<AuditVerdict> answer) {
  const std::string& org_id = call.caller.org_id;
  std::vector<Order> given_up;
  absl::Status refused;
  {
    const std::lock_guard lock(mutex_);
    given_up = orders_.TakeIf(IsGivenUp);
    if (stopping_) {
      refused = Draining();
    } else if (orders_.size() >= kVerificationsQueuedMax ||
               orders_.CountOf(org_id) >= kTenantVerificationsMax) {
      refused = QueueFull();
    } else {
      orders_.Add(org_id, {std::make_unique<Verification>(org_id), call.cancelled, call.deadline,
                           std::move(answer)});
    }
  }
  for (Order& order : given_up) order.answer(GivenUp());
  if (!refused.ok()) return answer(refused);
  changed_.notify_one();
}

bool AuditVerifier::IsGivenUp(const Order& order) {
  return order.cancelled != nullptr && *order.cancelled;
}

void AuditVerifier::Work() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stopping_ || !orders_.empty(); });
    if (orders_.empty()) return;
    // Also those whose turn it is not yet: what nobody waits for takes nobody's place.
    std::vector<Order> given_up = orders_.TakeIf(IsGivenUp);
    if (!given_up.empty()) {
      lock.unlock();
      for (Order& order : given_up) order.answer(GivenUp());
      lock.lock();
      continue;
    }
    auto [org_id, order] = orders_.Take();
    const bool stopping = stopping_;
    lock.unlock();
    std::optional<absl::StatusOr<AuditVerdict>> ended;
    if (stopping) {
      ended = Draining();
    } else {
      ended = Step(org_id, order);
    }
    if (ended.has_value()) order.answer(*std::move(ended));
    lock.lock();
    if (!ended.has_value()) orders_.PutBack(org_id, std::move(order));
  }
}

std::optional<absl::StatusOr<AuditVerdict>> AuditVerifier::Step(const std::string& org_id,
                                                                const Order& order) {
  if (SteadyTime::Now() > order.deadline) return TooLate();
  Verification& verification = *order.verification;
  const absl::Status step = database_.Read(
      Tenants::One(org_id), [&](Connection& connection) { return verification.Step(connection); });
  if (!step.ok()) return step;
  if (!verification.done()) return std::nullopt;
  return verification.verdict();
}

}  // namespace marginalia
