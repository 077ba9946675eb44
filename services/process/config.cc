#include "services/process/config.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "absl/flags/commandlineflag.h"
#include "absl/flags/reflection.h"

extern char** environ;

namespace marginalia {
namespace {

constexpr std::string_view kVariablePrefix = "MARGINALIA_";
constexpr int kBadConfigExitCode = 2;

std::string& ProgramName() {
  static auto* name = new std::string("marginalia");
  return *name;
}

[[noreturn]] void ExitBecause(const std::string& why) {
  std::fprintf(stderr, "%s: %s\nRun it with --help to see every flag.\n", ProgramName().c_str(),
               why.c_str());
  std::exit(kBadConfigExitCode);
}

std::string VariableOf(std::string_view flag) {
  std::string variable(kVariablePrefix);
  for (const char c : flag) variable += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return variable;
}

// Marginalia's own flags by name: the libraries' (absl's --flagfile and such) are no part of how a
// process is configured.
std::map<std::string, absl::CommandLineFlag*> OwnFlags() {
  std::map<std::string, absl::CommandLineFlag*> flags;
  for (const auto& [name, flag] : absl::GetAllFlags()) {
    if (flag->IsRetired() || flag->Filename().find("absl/") != std::string::npos) continue;
    flags.emplace(std::string(name), flag);
  }
  return flags;
}

using Flags = std::map<std::string, absl::CommandLineFlag*>;

// What the command line says: flag to text. The last of several wins.
using Given = std::map<std::string, std::string>;

[[noreturn]] void PrintHelp(std::string_view about, const Flags& flags) {
  std::printf("%.*s\n\nFlags, with their defaults and the environment variables that set them:\n",
              static_cast<int>(about.size()), about.data());
  for (const auto& [name, flag] : flags) {
    std::printf("\n  --%s=%s\n      %s\n      %s\n", name.c_str(), flag->DefaultValue().c_str(),
                flag->Help().c_str(), VariableOf(name).c_str());
  }
  std::exit(0);
}

// "no<flag>" of a boolean flag, or "".
std::string NegatedFlag(const std::string& name, const Flags& flags) {
  if (name.rfind("no", 0) != 0) return "";
  const auto found = flags.find(name.substr(2));
  return found != flags.end() && found->second->IsOfType<bool>() ? found->first : "";
}

Given ParseArguments(int argc, char** argv, std::string_view about, const Flags& flags) {
  Given given;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument.rfind("--", 0) != 0 || argument.size() == 2) {
      ExitBecause("stray argument \"" + argument + "\": flags are written --flag=value");
    }
    const std::size_t equals = argument.find('=');
    const std::string name = argument.substr(2, equals == argument.npos ? equals : equals - 2);
    if (name == "help" && equals == argument.npos) PrintHelp(about, flags);
    const auto flag = flags.find(name);
    if (flag != flags.end() && equals != argument.npos) {
      given[name] = argument.substr(equals + 1);
    } else if (flag != flags.end() && flag->second->IsOfType<bool>()) {
      given[name] = "true";
    } else if (flag != flags.end()) {
      if (i + 1 == argc) ExitBecause("flag --" + name + " needs a value: --" + name + "=value");
      given[name] = argv[++i];
    } else if (const std::string negated = NegatedFlag(name, flags);
               !negated.empty() && equals == argument.npos) {
      given[negated] = "false";
    } else {
      ExitBecause("unknown flag --" + name);
    }
  }
  return given;
}

// A misspelled variable would silently leave its flag at the default.
void RefuseUnknownVariables(const Flags& flags) {
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    if (text.substr(0, kVariablePrefix.size()) != kVariablePrefix) continue;
    const std::string_view variable = text.substr(0, text.find('='));
    const bool known = std::any_of(flags.begin(), flags.end(), [variable](const auto& flag) {
      return VariableOf(flag.first) == variable;
    });
    if (!known) ExitBecause("unknown environment variable " + std::string(variable));
  }
}

void SetOrExit(absl::CommandLineFlag& flag, const std::string& value, const std::string& source) {
  std::string error;
  if (flag.ParseFrom(value, &error)) return;
  ExitBecause(source + ": \"" + value + "\" will not do" + (error.empty() ? "" : ": ") + error);
}

}  // namespace

void ParseConfigOrExit(int argc, char** argv, std::string_view about) {
  if (argc > 0) {
    const std::string path = argv[0];
    ProgramName() = path.substr(path.rfind('/') + 1);
  }
  const Flags flags = OwnFlags();
  const Given given = ParseArguments(argc, argv, about, flags);
  RefuseUnknownVariables(flags);
  for (const auto& [name, flag] : flags) {
    const std::string variable = VariableOf(name);
    if (const auto argument = given.find(name); argument != given.end()) {
      SetOrExit(*flag, argument->second, "flag --" + name);
    } else if (const char* value = std::getenv(variable.c_str()); value != nullptr) {
      SetOrExit(*flag, value, "environment variable " + variable);
    }
  }
}

void ExitOnBadFlag(std::string_view flag, std::string_view why) {
  ExitBecause("flag --" + std::string(flag) + " (or " + VariableOf(flag) +
              "): " + std::string(why));
}

}  // namespace marginalia
