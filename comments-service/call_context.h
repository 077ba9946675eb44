// What a use case needs to know of the call that it serves. Copy it freely; what it refers to lives
// until the call is answered.
#ifndef MARGINALIA_COMMENTS_SERVICE_CALL_CONTEXT_H_
#define MARGINALIA_COMMENTS_SERVICE_CALL_CONTEXT_H_

#include <atomic>
#include <string_view>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/identity/caller.h"
#include "services/process/stopwatch.h"
#include "services/telemetry/trace.h"

namespace marginalia {

struct CallContext {
  const Caller& caller;
  // The caller's own token, to ask other services with. Never log it.
  std::string_view bearer;
  std::string_view request_id;
  SteadyTime deadline;
  // What calls to other services are a part of; null: there is no trace.
  const Trace* trace = nullptr;
  // Whether the caller has given the call up, for what takes long; null: nobody tells.
  const std::atomic<bool>* cancelled = nullptr;
};

// Takes the answer of a use case: called exactly once, on any thread, possibly before the use case
// returns.
template <class T>
using Answer = absl::AnyInvocable<void(absl::StatusOr<T>)>;

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_CALL_CONTEXT_H_
