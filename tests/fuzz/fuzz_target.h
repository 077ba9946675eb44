// A function that reads whatever bytes it is given, and holds what comes of them against what must
// always be true. Under libFuzzer it is fed with inputs that the fuzzer invents; in the plain test
// with those that are kept.
#ifndef MARGINALIA_TESTS_FUZZ_FUZZ_TARGET_H_
#define MARGINALIA_TESTS_FUZZ_FUZZ_TARGET_H_

#include <array>
#include <cstddef>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace marginalia {

class FuzzTarget {
 public:
  using Reader = void (*)(std::string_view input);

  // Registers itself: one in a file, `name` being that of its folder of inputs.
  FuzzTarget(std::string_view name, Reader read);

  // All that are linked in.
  static const std::vector<FuzzTarget>& All();

  std::string_view name() const { return name_; }
  void Read(std::string_view input) const { read_(input); }

 private:
  static std::vector<FuzzTarget>& Registered();

  std::string_view name_;
  Reader read_;
};

// Throws a std::logic_error that says `what` unless it is the truth.
void Require(bool truth, std::string_view what);

// What every refusal of bad input must be: INVALID_ARGUMENT with that reason, told in UTF-8, so
// that it can be sent on.
void RequireRefusal(const absl::Status& status, std::string_view reason);

// The first lines of `input`, and all the rest as the last one. What is not there is empty.
template <std::size_t count>
std::array<std::string_view, count> Lines(std::string_view input) {
  std::array<std::string_view, count> lines;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t end = i + 1 < count ? input.find('\n') : input.npos;
    lines[i] = input.substr(0, end);
    input.remove_prefix(end == input.npos ? input.size() : end + 1);
  }
  return lines;
}

}  // namespace marginalia

#endif  // MARGINALIA_TESTS_FUZZ_FUZZ_TARGET_H_
