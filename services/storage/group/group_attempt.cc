#include "services/storage/group/group_attempt.h"

#include <utility>

#include "services/storage/connection/final_state.h"
#include "services/storage/connection/storage_failure.h"

namespace marginalia {

using Ending = GroupAttempt::Ending;

GroupAttempt FailedAttempt(const Connection& connection, const std::exception& error,
                           bool committing) {
  absl::Status failure = StorageFailure(connection, error);
  if (auto state = FinalStateIn(error)) {
    return {Ending::kFinal, StorageUnavailable(), *std::move(state)};
  }
  if (committing && !IsKnownNotCommitted(error))
    return {Ending::kUnknown, StorageUnavailable(), ""};
  if (IsConnectionLost(error)) return {Ending::kLost, std::move(failure), ""};
  const bool deadlock = IsDeadlock(error);
  const bool write_is_to_blame = failure.code() == absl::StatusCode::kInternal || deadlock;
  return {write_is_to_blame ? Ending::kThrew : Ending::kFailed, std::move(failure), "", deadlock};
}

}  // namespace marginalia
