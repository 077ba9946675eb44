// For main: what is needed to start, or the end of the process with a message that names the flag.
#ifndef MARGINALIA_SERVICES_PROCESS_OR_EXIT_H_
#define MARGINALIA_SERVICES_PROCESS_OR_EXIT_H_

#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace marginalia {

// Does nothing when `status` is OK. Otherwise writes "process: what: message" to stderr and exits
// with 1.
void OrExit(const absl::Status& status, std::string_view what);

template <class T>
T OrExit(absl::StatusOr<T> part, std::string_view what) {
  OrExit(part.status(), what);
  return *std::move(part);
}

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_PROCESS_OR_EXIT_H_
