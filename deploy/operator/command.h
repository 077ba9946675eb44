// The commands of marginalia-operator, and how a command line becomes a call of one of them.
#ifndef MARGINALIA_DEPLOY_OPERATOR_COMMAND_H_
#define MARGINALIA_DEPLOY_OPERATOR_COMMAND_H_

#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace marginalia {

// What the process ends with. DATA_LOSS says that what a command looked at is broken or differs;
// every other failure, that it could not do what was asked.
inline constexpr int kExitBroken = 1;
inline constexpr int kExitCannot = 2;

struct Command {
  std::string_view name;
  std::string_view summary;  // one line
  std::string_view about;    // what it does, and what its exit codes mean
  std::string_view example;
  // Names of flags, in the order in which --help shows them.
  std::vector<std::string_view> flags;
  absl::Status (*run)();
};

// Sets the flags that the command line gives and runs its command; --help says what there is.
// Returns the exit code, after saying on stderr what failed.
int RunCommand(const std::vector<Command>& commands, int argc, char** argv);

}  // namespace marginalia

#endif  // MARGINALIA_DEPLOY_OPERATOR_COMMAND_H_
