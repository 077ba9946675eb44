// Holds a read back until the comment counts are as fresh as its caller asked for, and says how
// fresh they are. Thread-safe.
#ifndef MARGINALIA_INVOICE_SERVICE_FRESHNESS_H_
#define MARGINALIA_INVOICE_SERVICE_FRESHNESS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/events/projection/progress.h"
#include "services/identity/caller.h"
#include "services/process/stopwatch.h"
#include "services/telemetry/trace.h"
#include "services/tokens/consistency_token.h"

namespace marginalia {

inline constexpr absl::Duration kFreshnessWaitMax = absl::Seconds(2);
// The wait ends a tenth of what is left before the call's deadline, within these bounds, so that
// the answer still arrives: whoever allows more time may be on a slower machine.
inline constexpr absl::Duration kAnswerMarginMin = absl::Milliseconds(20);
inline constexpr absl::Duration kAnswerMarginMax = absl::Milliseconds(200);
inline constexpr std::size_t kScopesRememberedMax = 10'000;

struct FreshnessRequirement {
  enum class Kind { kMinimizeLatency, kAtLeastAsFresh, kFullyConsistent };
  Kind kind = Kind::kMinimizeLatency;
  std::string token;  // kAtLeastAsFresh
};

struct AsOf {
  // Empty while nobody knows any count.
  std::string token;
  absl::Duration lag;

  bool known() const { return !token.empty(); }
};

class Freshness {
 public:
  using Done = absl::AnyInvocable<void(const absl::Status&)>;
  using HeadDone = absl::AnyInvocable<void(absl::StatusOr<LogPoint>)>;
  // Asks the comments service where its log ends, as a part of `trace`; answers by `deadline`, on
  // any thread. Errors: UNAVAILABLE.
  using AskHead = absl::AnyInvocable<void(const Trace& trace, SteadyTime deadline, HeadDone done)>;

  // The progress is not owned and must outlive the policy; `ask_head` must be thread-safe.
  Freshness(ProjectionProgress& progress, AskHead ask_head)
      : progress_(progress), ask_head_(std::move(ask_head)) {}

  // Calls `done` when the counts are fresh enough, on any thread, perhaps before it returns.
  // Errors: INVALID_ARGUMENT (CONSISTENCY_TOKEN_INVALID), UNAVAILABLE (PROJECTION_LAGGING,
  // COMMENTS_SERVICE_UNAVAILABLE, DRAINING), RESOURCE_EXHAUSTED (TOO_MANY_WAITERS),
  // DEADLINE_EXCEEDED (DEADLINE_TOO_NEAR).
  void Await(const Caller& caller, const FreshnessRequirement& requirement, const Trace& trace,
             SteadyTime deadline, Done done);

  // What a read that begins now will include, as this caller may know it. Ask first, then read.
  AsOf Now(const Caller& caller);

 private:
  struct ScopedToken {
    std::uint64_t epoch = 0;
    std::string token;
  };
  ProjectionProgress& progress_;
  AskHead ask_head_;
  std::mutex mutex_;
  // The token of the epoch by scope: sealing one for every answer costs a hash each.
  std::map<std::string, ScopedToken, std::less<>> tokens_;
};

}  // namespace marginalia

#endif  // MARGINALIA_INVOICE_SERVICE_FRESHNESS_H_
