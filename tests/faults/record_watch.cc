#include "tests/faults/record_watch.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "deploy/operator/audit/kept_checkpoint.h"
#include "services/process/stopwatch.h"
#include "services/rpc/client/channel.h"

namespace marginalia {
namespace {

namespace v1 = comments::v1;

constexpr absl::Duration kCallMax = absl::Seconds(3);
// Between two rounds over the tenants: a monitor is no load.
constexpr std::chrono::milliseconds kPause{20};

}  // namespace

RecordWatch::RecordWatch(const std::vector<std::string>& addresses,
                         const std::vector<Tenant>& tenants, const std::string& verifier_key)
    : keys_({VerifierKey::Parse(verifier_key).value()}) {
  for (const std::string& address : addresses) {
    stubs_.push_back(std::make_unique<Stub>(ConnectTo(address)));
  }
  for (const Tenant& tenant : tenants) {
    watched_[tenant.org_id] = {.admin_token = tenant.admin_token, .note = "", .newest = {}};
  }
  thread_ = std::thread([this] { Run(); });
}

RecordWatch::~RecordWatch() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void RecordWatch::Run() {
  std::vector<std::string> orgs;
  for (const auto& [org_id, watched] : watched_) orgs.push_back(org_id);
  std::unique_lock lock(mutex_);
  for (std::size_t door = 0; !stopping_; ++door) {
    lock.unlock();
    for (const std::string& org_id : orgs) LookAt(org_id, door);
    lock.lock();
    changed_.wait_for(lock, kPause, [this] { return stopping_; });
  }
}

void RecordWatch::LookAt(const std::string& org_id, std::size_t door) {
  const std::lock_guard looking(looking_);
  std::string token;
  {
    const std::lock_guard lock(mutex_);
    token = watched_.at(org_id).admin_token;
  }
  grpc::ClientContext context;
  PrepareCall(context, token, "", SteadyTime::Now() + kCallMax);
  v1::GetCheckpointResponse answer;
  const grpc::Status asked = stubs_[door % stubs_.size()]->GetCheckpoint(&context, {}, &answer);
  if (asked.ok()) Look(org_id, answer.checkpoint(), door);
}

void RecordWatch::Saw(const std::string& org_id, const std::string& note) {
  const std::lock_guard looking(looking_);
  Look(org_id, note, 0);
}

void RecordWatch::Look(const std::string& org_id, const std::string& note, std::size_t door) {
  Watched before;
  {
    const std::lock_guard lock(mutex_);
    before = watched_.at(org_id);
  }
  Checkpoint opened;
  const absl::Status compared = Compare(before, note, door, opened);
  const std::lock_guard lock(mutex_);
  if (absl::IsDataLoss(compared)) {
    contradictions_.push_back(absl::StrCat(org_id, ": ", std::string(compared.message()),
                                           "\n--- before:\n", before.note, "--- then:\n", note));
  }
  if (!compared.ok()) return;
  Watched& watched = watched_.at(org_id);
  if (before.newest && before.newest->size < opened.size) ++watched.growths;
  watched.note = note;
  watched.newest = opened;
  changed_.notify_all();
}

absl::Status RecordWatch::Compare(const Watched& watched, const std::string& note, std::size_t door,
                                  Checkpoint& opened) {
  absl::StatusOr<Checkpoint> checkpoint = OpenCheckpoint(note, keys_);
  if (!checkpoint.ok()) return absl::DataLossError(std::string(checkpoint.status().message()));
  opened = *std::move(checkpoint);
  if (!watched.newest) return absl::OkStatus();
  const absl::Status successor = CheckSuccessor(*watched.newest, opened);
  return successor.ok() ? Prove(watched, opened, door) : successor;
}

// By another door than the one that signed, where there is one.
absl::Status RecordWatch::Prove(const Watched& watched, const Checkpoint& newer, std::size_t door) {
  if (newer.size == 0) return absl::OkStatus();
  grpc::ClientContext context;
  PrepareCall(context, watched.admin_token, "", SteadyTime::Now() + kCallMax);
  v1::GetConsistencyProofRequest request;
  request.set_first(watched.newest->size);
  request.set_second(newer.size);
  v1::GetConsistencyProofResponse answer;
  const grpc::Status asked =
      stubs_[(door + 1) % stubs_.size()]->GetConsistencyProof(&context, request, &answer);
  if (asked.error_code() == grpc::StatusCode::OUT_OF_RANGE) {
    return absl::DataLossError("a cut: the log has fewer entries than were signed");
  }
  if (!asked.ok()) return absl::UnavailableError(asked.error_message());
  std::vector<Digest> proof;
  for (const std::string& hash : answer.hashes()) {
    proof.push_back(DigestFromBytes(hash).value_or(Digest{}));
  }
  return CheckGrowth(*watched.newest, newer, proof);
}

bool RecordWatch::AwaitGrowth(int times, std::chrono::seconds limit) {
  std::unique_lock lock(mutex_);
  std::map<std::string, int> before;
  for (const auto& [org_id, watched] : watched_) before[org_id] = watched.growths;
  return changed_.wait_for(lock, limit, [&] {
    return std::all_of(watched_.begin(), watched_.end(), [&](const auto& each) {
      return each.second.growths >= before[each.first] + times;
    });
  });
}

int RecordWatch::growths() const {
  const std::lock_guard lock(mutex_);
  return std::min_element(
             watched_.begin(), watched_.end(),
             [](const auto& a, const auto& b) { return a.second.growths < b.second.growths; })
      ->second.growths;
}

std::optional<Checkpoint> RecordWatch::Newest(const std::string& org_id) const {
  const std::lock_guard lock(mutex_);
  return watched_.at(org_id).newest;
}

std::vector<std::string> RecordWatch::contradictions() const {
  const std::lock_guard lock(mutex_);
  return contradictions_;
}

}  // namespace marginalia
