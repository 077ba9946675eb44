// Configuration: absl flags, each with the environment variable MARGINALIA_<FLAG> (upper case) as
// fallback. Called once from main, before any thread starts.
#ifndef MARGINALIA_SERVICES_PROCESS_CONFIG_H_
#define MARGINALIA_SERVICES_PROCESS_CONFIG_H_

#include <string_view>

namespace marginalia {

// Sets every flag from the command line, else from the environment. --help prints what each flag
// is for, its default and its variable, and exits with 0. An unknown flag, a bad value, a stray
// argument or an unknown MARGINALIA_ variable is said on stderr, and the process exits with 2.
void ParseConfigOrExit(int argc, char** argv, std::string_view about);

// Says on stderr that the flag's value will not do, and exits with 2.
[[noreturn]] void ExitOnBadFlag(std::string_view flag, std::string_view why);

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_PROCESS_CONFIG_H_
