#include "deploy/operator/command.h"

#include <algorithm>
#include <cstdio>
#include <set>
#include <string>

#include "absl/flags/commandlineflag.h"
#include "absl/flags/reflection.h"
#include "absl/strings/str_cat.h"

namespace marginalia {
namespace {

constexpr char kProgram[] = "marginalia-operator";

void Say(std::FILE* stream, std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stream);
}

void PrintCommands(std::FILE* stream, const std::vector<Command>& commands) {
  std::fprintf(stream, "Usage: %s COMMAND [--flag=value…]\n\nCommands:\n", kProgram);
  for (const Command& command : commands) {
    std::fprintf(stream, "  %-21s%s\n", std::string(command.name).c_str(),
                 std::string(command.summary).c_str());
  }
  std::fprintf(stream, "\n%s COMMAND --help says more about one.\n", kProgram);
}

void PrintHelp(const Command& command) {
  std::string text =
      absl::StrCat("Usage: ", kProgram, " ", std::string(command.name), " [--flag=value…]\n\n",
                   std::string(command.about), "\n\nFlags:\n");
  for (const std::string_view name : command.flags) {
    const absl::CommandLineFlag* flag = absl::FindCommandLineFlag(std::string(name));
    const std::string standard = flag->DefaultValue();
    absl::StrAppend(&text, "  --", std::string(name),
                    standard.empty() ? "" : absl::StrCat("=", standard), "\n      ", flag->Help(),
                    "\n");
  }
  absl::StrAppend(&text, "\nExample:\n  ", std::string(command.example), "\n");
  Say(stdout, text);
}

// One argument, --flag=value or --flag of a boolean one.
absl::Status SetFlag(const Command& command, const std::string& argument,
                     std::set<std::string>& given) {
  if (argument.rfind("--", 0) != 0 || argument.size() == 2) {
    return absl::InvalidArgumentError(
        absl::StrCat("stray argument \"", argument, "\": flags are written --flag=value"));
  }
  const std::size_t equals = argument.find('=');
  const std::string name = argument.substr(2, equals == argument.npos ? equals : equals - 2);
  if (std::find(command.flags.begin(), command.flags.end(), name) == command.flags.end()) {
    return absl::InvalidArgumentError(absl::StrCat("unknown flag --", name));
  }
  if (!given.insert(name).second) {
    return absl::InvalidArgumentError(absl::StrCat("--", name, " is given twice"));
  }
  absl::CommandLineFlag* flag = absl::FindCommandLineFlag(name);
  if (equals == argument.npos && !flag->IsOfType<bool>()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--", name, " needs a value: --", name, "=value"));
  }
  const std::string value = equals == argument.npos ? "true" : argument.substr(equals + 1);
  std::string why;
  if (flag->ParseFrom(value, &why)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("--", name, ": \"", value, "\" will not do", why.empty() ? "" : ": ", why));
}

int Fail(std::string_view command, const absl::Status& status) {
  // What was printed so far comes before what failed.
  std::fflush(stdout);
  Say(stderr,
      absl::StrCat(kProgram, " ", std::string(command), ": ", std::string(status.message()), "\n"));
  return absl::IsDataLoss(status) ? kExitBroken : kExitCannot;
}

}  // namespace

int RunCommand(const std::vector<Command>& commands, int argc, char** argv) {
  const std::vector<std::string> arguments(argv + std::min(argc, 1), argv + argc);
  if (arguments.empty() || arguments.front() == "--help") {
    PrintCommands(arguments.empty() ? stderr : stdout, commands);
    return arguments.empty() ? kExitCannot : 0;
  }
  const auto command =
      std::find_if(commands.begin(), commands.end(),
                   [&arguments](const Command& known) { return known.name == arguments.front(); });
  if (command == commands.end()) {
    std::fprintf(stderr, "%s: there is no command \"%s\"\n", kProgram, arguments.front().c_str());
    PrintCommands(stderr, commands);
    return kExitCannot;
  }
  std::set<std::string> given;
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    if (arguments[i] == "--help") {
      PrintHelp(*command);
      return 0;
    }
    const absl::Status set = SetFlag(*command, arguments[i], given);
    if (set.ok()) continue;
    Fail(command->name, set);
    std::fprintf(stderr, "Run it with --help to see every flag.\n");
    return kExitCannot;
  }
  absl::Status status = command->run();
  // A full disk or a closed pipe must not pass for success.
  if (std::fflush(stdout) != 0 && status.ok()) status = absl::UnavailableError("cannot print");
  return status.ok() ? 0 : Fail(command->name, status);
}

}  // namespace marginalia
