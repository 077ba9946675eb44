// The refusal of whatever waits for a process that ends. Pure function, thread-safe.
#ifndef MARGINALIA_SERVICES_ERRORS_DRAINING_H_
#define MARGINALIA_SERVICES_ERRORS_DRAINING_H_

#include "absl/status/status.h"

namespace marginalia {

// UNAVAILABLE, reason DRAINING, with RetryInfo of 1 s: another process, or the next one, takes it.
absl::Status Draining();

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_ERRORS_DRAINING_H_
