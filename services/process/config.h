// Configuration: absl flags, each with the environment variable MARGINALIA_<FLAG> (upper case) as
// fallback. Called once from main, before any thread starts.
#ifndef MARGINALIA_SERVICES_PROCESS_CONFIG_H_
#define MARGINALIA_SERVICES_PROCESS_CONFIG_H_

#include <cstdint>
#include <string_view>

#include "absl/time/time.h"

namespace marginalia {

// What values a flag that is a number or a time may have, both ends included: defined beside the
// flag, at namespace scope. Each such flag must have bounds, which --help shows and
// ParseConfigOrExit holds it to.
class FlagBounds {
 public:
  FlagBounds(const char* flag, std::int64_t least, std::int64_t most);
  FlagBounds(const char* flag, int least, int most)
      : FlagBounds(flag, std::int64_t{least}, std::int64_t{most}) {}
  FlagBounds(const char* flag, double least, double most);
  enum class Infinite { kRefused, kAllowed };
  FlagBounds(const char* flag, absl::Duration least, absl::Duration most,
             Infinite infinite = Infinite::kRefused);
};

// Sets every flag from the command line, else from the environment. --help prints what each flag
// is for, its default, its bounds and its variable, and exits with 0. An unknown flag, a bad value
// or one out of bounds, a stray argument or an unknown MARGINALIA_ variable is said on stderr, and
// the process exits with 2.
void ParseConfigOrExit(int argc, char** argv, std::string_view about);

// Says on stderr that the flag's value will not do, and exits with 2.
[[noreturn]] void ExitOnBadFlag(std::string_view flag, std::string_view why);

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_PROCESS_CONFIG_H_
