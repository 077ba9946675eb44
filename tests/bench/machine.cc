#include "tests/bench/machine.h"

#include <google/protobuf/stubs/common.h>
#include <grpcpp/grpcpp.h>
#include <sqlite3.h>
#include <sys/utsname.h>

#include <boost/version.hpp>
#include <cstdio>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "absl/base/config.h"
#include "absl/strings/str_cat.h"

namespace marginalia::bench {
namespace {

std::string FirstLineOf(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

// The value of "name : value" in a file of /proc.
std::string FieldOf(const std::string& path, const std::string& name) {
  std::ifstream file(path);
  std::string line;
  while (std::getline(file, line)) {
    const std::size_t colon = line.find(':');
    if (line.compare(0, name.size(), name) == 0 && colon != std::string::npos) {
      const std::size_t value = line.find_first_not_of(' ', colon + 1);
      return value == std::string::npos ? std::string() : line.substr(value);
    }
  }
  return "unknown";
}

// The first line that the command prints, without `before`; "none" when there is no such command.
std::string FirstWordsOf(const std::string& command, std::string_view before) {
  const std::unique_ptr<FILE, int (*)(FILE*)> output(popen((command + " 2>/dev/null").c_str(), "r"),
                                                     pclose);
  char line[128] = "";
  if (output == nullptr || std::fgets(line, sizeof(line), output.get()) == nullptr) return "none";
  std::string version = line;
  version.erase(version.find_last_not_of('\n') + 1);
  return version.starts_with(before) ? version.substr(before.size()) : version;
}

}  // namespace

std::vector<std::pair<std::string, std::string>> DescribeMachine() {
  utsname kernel{};
  uname(&kernel);
  return {
      {"processor", FieldOf("/proc/cpuinfo", "model name")},
      {"cores", absl::StrCat(std::thread::hardware_concurrency())},
      {"memory", FieldOf("/proc/meminfo", "MemTotal")},
      {"kernel", kernel.release},
      {"load", FirstLineOf("/proc/loadavg")},
      {"compiler", absl::StrCat("g++ ", __VERSION__)},
      {"gRPC", grpc::Version()},
      {"Protobuf", google::protobuf::internal::VersionString(GOOGLE_PROTOBUF_VERSION)},
      {"Abseil", absl::StrCat(ABSL_LTS_RELEASE_VERSION)},
      {"Boost", BOOST_LIB_VERSION},
      {"SQLite", sqlite3_libversion()},
      {"PostgreSQL", FirstWordsOf("pg_config --version", "PostgreSQL ")},
      {"etcd", FirstWordsOf("etcd --version", "etcd Version: ")},
      {"Node", FirstWordsOf("node --version", "v")},
  };
}

}  // namespace marginalia::bench
