// How an attempt at a group of writes ended, and from what that is told: whether it happened, who
// is to blame when it did not, and whether it is of use to try again.
#ifndef MARGINALIA_SERVICES_STORAGE_GROUP_GROUP_ATTEMPT_H_
#define MARGINALIA_SERVICES_STORAGE_GROUP_GROUP_ATTEMPT_H_

#include <exception>
#include <string>

#include "absl/status/status.h"
#include "services/storage/connection/connection.h"

namespace marginalia {

struct GroupAttempt {
  enum class Ending {
    kCommitted,
    kFailed,   // it did not happen, and would not if tried again now
    kThrew,    // it did not happen because of one of its writes
    kLost,     // it did not happen because the connection went
    kUnknown,  // COMMIT failed: nobody knows
    kFinal,    // it did not happen, and this process can never write again
  };

  Ending ending = Ending::kCommitted;
  // What the group is answered; OK for kCommitted.
  absl::Status failure;
  std::string final_state;  // for kFinal: what is wrong, and what to do
  bool deadlock = false;    // for kThrew: another session was let through instead
};

// The attempt that `error` ended, at COMMIT when it was `committing`.
GroupAttempt FailedAttempt(const Connection& connection, const std::exception& error,
                           bool committing);

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_STORAGE_GROUP_GROUP_ATTEMPT_H_
