#include "services/storage/group/empty_log_waits.h"

#include <iterator>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/errors/errors.h"
#include "services/storage/connection/storage_failure.h"

namespace marginalia {
namespace {

constexpr absl::Duration kLogInUseRetryAfter = absl::Seconds(1);

absl::Status LogInUse() {
  return Refusal(absl::StatusCode::kUnavailable, "LOG_IN_USE",
                 "A long read still needs the write-ahead log, so it could not be emptied; retry.",
                 {}, kLogInUseRetryAfter);
}

}  // namespace

void EmptyLogWaits::Add(SteadyTime until, Done done) {
  const std::lock_guard lock(mutex_);
  waits_.push_back({until, std::move(done)});
}

bool EmptyLogWaits::empty() const {
  const std::lock_guard lock(mutex_);
  return waits_.empty();
}

std::vector<EmptyLogWaits::Wait> EmptyLogWaits::TakeAll() {
  const std::lock_guard lock(mutex_);
  return std::exchange(waits_, {});
}

absl::Status EmptyLogWaits::Try(WalCheckpoints& checkpoints, AnsweringThread& answering) {
  std::vector<Wait> waits = TakeAll();
  if (waits.empty()) return absl::OkStatus();
  const absl::StatusOr<bool> emptied = checkpoints.Empty();
  std::vector<Completion> completions;
  std::vector<Wait> left;
  for (Wait& wait : waits) {
    if (emptied.ok() && !*emptied && !wait.until.passed()) {
      left.push_back(std::move(wait));
      continue;
    }
    const absl::Status status = !emptied.ok() ? StorageUnavailable()
                                : *emptied    ? absl::OkStatus()
                                              : LogInUse();
    completions.push_back({std::move(wait.done), status});
  }
  if (!left.empty()) {
    const std::lock_guard lock(mutex_);
    std::move(left.begin(), left.end(), std::back_inserter(waits_));
  }
  if (!completions.empty()) answering.Give(std::move(completions));
  return emptied.status();
}

void EmptyLogWaits::AnswerAll(const absl::Status& status, AnsweringThread& answering) {
  std::vector<Completion> completions;
  for (Wait& wait : TakeAll()) completions.push_back({std::move(wait.done), status});
  if (!completions.empty()) answering.Give(std::move(completions));
}

}  // namespace marginalia
