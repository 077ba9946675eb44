#include "services/process/config.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <string>

#include "absl/flags/commandlineflag.h"
#include "absl/flags/reflection.h"
#include "absl/strings/str_cat.h"

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

// Of flags by name: in the words of --help, and whether a flag, as it is now, keeps them.
struct Bounds {
  std::string words;
  std::function<bool(const absl::CommandLineFlag&)> holds;
};
std::map<std::string, Bounds>& AllBounds() {
  static auto* bounds = new std::map<std::string, Bounds>;
  return *bounds;
}

template <class Number>
std::function<bool(const absl::CommandLineFlag&)> Within(Number least, Number most) {
  return [least, most](const absl::CommandLineFlag& flag) {
    const auto value = flag.TryGet<Number>();
    // Not a number is within nothing.
    return value.has_value() && *value >= least && *value <= most;
  };
}

bool NeedsBounds(const absl::CommandLineFlag& flag) {
  return flag.IsOfType<int>() || flag.IsOfType<std::int64_t>() || flag.IsOfType<double>() ||
         flag.IsOfType<absl::Duration>();
}

void HoldToBoundsOrExit(const Flags& flags) {
  for (const auto& [name, flag] : flags) {
    const auto bounds = AllBounds().find(name);
    if (bounds == AllBounds().end()) {
      if (NeedsBounds(*flag)) ExitBecause("flag --" + name + " has no bounds: give it some");
    } else if (!bounds->second.holds(*flag)) {
      ExitOnBadFlag(
          name, "\"" + flag->CurrentValue() + "\" will not do: it must be " + bounds->second.words);
    }
  }
}

[[noreturn]] void PrintHelp(std::string_view about, const Flags& flags) {
  std::printf("%.*s\n\nFlags, with their defaults and the environment variables that set them:\n",
              static_cast<int>(about.size()), about.data());
  for (const auto& [name, flag] : flags) {
    const auto bounds = AllBounds().find(name);
    const std::string words = bounds == AllBounds().end() ? "" : " [" + bounds->second.words + "]";
    std::printf("\n  --%s=%s\n      %s%s\n      %s\n", name.c_str(), flag->DefaultValue().c_str(),
                flag->Help().c_str(), words.c_str(), VariableOf(name).c_str());
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

FlagBounds::FlagBounds(const char* flag, std::int64_t least, std::int64_t most) {
  const auto within = [least, most](const absl::CommandLineFlag& given) {
    const auto small = given.TryGet<int>();
    const auto large = given.TryGet<std::int64_t>();
    const std::int64_t value = small.has_value() ? *small : large.value_or(most);
    return value >= least && value <= most;
  };
  AllBounds()[flag] = {"from " + std::to_string(least) + " to " + std::to_string(most), within};
}

FlagBounds::FlagBounds(const char* flag, double least, double most) {
  AllBounds()[flag] = {absl::StrCat("from ", least, " to ", most), Within<double>(least, most)};
}

FlagBounds::FlagBounds(const char* flag, absl::Duration least, absl::Duration most,
                       Infinite infinite) {
  const bool or_infinite = infinite == Infinite::kAllowed;
  AllBounds()[flag] = {absl::StrCat("from ", absl::FormatDuration(least), " to ",
                                    absl::FormatDuration(most), or_infinite ? ", or inf" : ""),
                       [within = Within<absl::Duration>(least, most),
                        or_infinite](const absl::CommandLineFlag& given) {
                         return within(given) || (or_infinite && given.TryGet<absl::Duration>() ==
                                                                     absl::InfiniteDuration());
                       }};
}

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
  HoldToBoundsOrExit(flags);
}

void ExitOnBadFlag(std::string_view flag, std::string_view why) {
  ExitBecause("flag --" + std::string(flag) + " (or " + VariableOf(flag) +
              "): " + std::string(why));
}

}  // namespace marginalia
