// A bar is a script: the first thing that goes wrong ends it, and its row says what that was. Need
// turns a status into the exception that does so; it is caught in one place, around each bar.
#ifndef MARGINALIA_TESTS_BENCH_NEED_H_
#define MARGINALIA_TESTS_BENCH_NEED_H_

#include <stdexcept>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace marginalia::bench {

class BarFailed : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

inline void Need(const absl::Status& status) {
  if (!status.ok()) throw BarFailed(status.ToString());
}

template <typename Value>
Value Need(absl::StatusOr<Value> value) {
  Need(value.status());
  return *std::move(value);
}

}  // namespace marginalia::bench

#endif  // MARGINALIA_TESTS_BENCH_NEED_H_
