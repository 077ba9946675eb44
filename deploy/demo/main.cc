// marginalia-demo: what deploy/run and deploy/token are made of.
#include <fcntl.h>
#include <unistd.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "deploy/demo/demo_data.h"
#include "deploy/demo/demo_rpc.h"
#include "deploy/keys/machine_keys.h"
#include "deploy/keys/token_mint.h"

ABSL_FLAG(std::string, data, "data", "The data directory of deploy/run.");
ABSL_FLAG(std::string, demo_file, "deploy/demo/demo.json", "The demo data.");
ABSL_FLAG(std::string, org, "", "token: the tenant, where the person alone does not say it.");
ABSL_FLAG(absl::Duration, lifetime, absl::Hours(12),
          "keys, token, people: how long tokens are valid.");
ABSL_FLAG(std::string, comments_address, "127.0.0.1:50051",
          "load: where comments-service listens.");
ABSL_FLAG(std::string, invoices_address, "127.0.0.1:50052", "load: where invoice-service listens.");

namespace marginalia {
namespace {

constexpr int kFailure = 1;
constexpr int kMisuse = 2;

int Fail(int code, const absl::Status& status) {
  std::fprintf(stderr, "marginalia-demo: %s\n", std::string(status.message()).c_str());
  return code;
}

absl::StatusOr<std::unique_ptr<TokenMint>> OpenMint() {
  return TokenMint::Open(absl::GetFlag(FLAGS_data) + "/keys");
}

// Everybody who can have a token, for the message to someone who cannot.
std::string EverybodyOf(const std::vector<DemoTenant>& tenants) {
  std::string names;
  for (const DemoTenant& tenant : tenants) {
    for (const DemoPerson& person : tenant.people) absl::StrAppend(&names, person.user_id, ", ");
  }
  return names + "or service";
}

absl::StatusOr<TokenClaims> ClaimsOf(const std::string& name, const std::string& org,
                                     const std::vector<DemoTenant>& tenants) {
  if (name == "service") return TokenClaims{org, "service", "Service", "service"};
  for (const DemoTenant& tenant : tenants) {
    if (!org.empty() && org != tenant.org_id) continue;
    for (const DemoPerson& person : tenant.people) {
      if (person.user_id != name) continue;
      return TokenClaims{tenant.org_id, person.user_id, person.display_name, person.role};
    }
  }
  return absl::NotFoundError(absl::StrCat("there is no \"", name, "\"",
                                          org.empty() ? "" : absl::StrCat(" in ", org),
                                          ": take one of ", EverybodyOf(tenants)));
}

int PrintToken(const std::string& name) {
  const auto tenants = ReadDemoData(absl::GetFlag(FLAGS_demo_file));
  if (!tenants.ok()) return Fail(kFailure, tenants.status());
  const auto claims = ClaimsOf(name, absl::GetFlag(FLAGS_org), *tenants);
  if (!claims.ok()) return Fail(kMisuse, claims.status());
  const auto mint = OpenMint();
  if (!mint.ok()) return Fail(kFailure, mint.status());
  std::printf("%s\n", (*mint)->Mint(*claims, absl::GetFlag(FLAGS_lifetime)).c_str());
  return 0;
}

// All the demo people, each with a token: what the gateway's --demo_people_path takes.
int PrintPeople() {
  const auto tenants = ReadDemoData(absl::GetFlag(FLAGS_demo_file));
  if (!tenants.ok()) return Fail(kFailure, tenants.status());
  const auto mint = OpenMint();
  if (!mint.ok()) return Fail(kFailure, mint.status());
  boost::json::array people;
  for (const DemoTenant& tenant : *tenants) {
    for (const DemoPerson& person : tenant.people) {
      const TokenClaims claims{tenant.org_id, person.user_id, person.display_name, person.role};
      people.push_back(
          boost::json::object{{"org", tenant.org_id},
                              {"org_name", tenant.name},
                              {"user_id", person.user_id},
                              {"display_name", person.display_name},
                              {"role", person.role},
                              {"token", (*mint)->Mint(claims, absl::GetFlag(FLAGS_lifetime))}});
    }
  }
  std::printf("%s\n", boost::json::serialize(people).c_str());
  return 0;
}

// The whole file or none of it, whenever the process is killed.
absl::Status WriteFile(const std::string& path, const std::string& text) {
  const std::string unfinished = path + ".new";
  const int file = open(unfinished.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  const bool written = file >= 0 &&
                       write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
                       fsync(file) == 0;
  if (file >= 0) close(file);
  if (written && std::rename(unfinished.c_str(), path.c_str()) == 0) return absl::OkStatus();
  return absl::UnavailableError("cannot write " + path);
}

// A load that goes on where another was interrupted must arrive at the same times.
absl::StatusOr<absl::Time> FirstStart(const std::string& path) {
  std::string text;
  if (std::ifstream file(path); file >> text) {
    absl::Time time;
    std::string why;
    if (absl::ParseTime(absl::RFC3339_full, text, &time, &why)) return time;
    return absl::InvalidArgumentError(absl::StrCat(path, ": ", why));
  }
  const absl::Time now = absl::FromUnixMicros(absl::ToUnixMicros(absl::Now()));
  const absl::Status written =
      WriteFile(path, absl::FormatTime(absl::RFC3339_full, now, absl::UTCTimeZone()) + "\n");
  if (!written.ok()) return written;
  return now;
}

// Loads what is not loaded yet, and waits until everybody reads it.
absl::Status Load() {
  const std::string data = absl::GetFlag(FLAGS_data);
  const std::string loaded_path = data + "/demo-loaded";
  const auto tenants = ReadDemoData(absl::GetFlag(FLAGS_demo_file));
  if (!tenants.ok()) return tenants.status();
  const auto mint = OpenMint();
  if (!mint.ok()) return mint.status();
  const auto first_start = FirstStart(data + "/demo-first-start");
  if (!first_start.ok()) return first_start.status();
  const DemoTarget target = {absl::GetFlag(FLAGS_comments_address),
                             absl::GetFlag(FLAGS_invoices_address), *first_start};
  if (access(loaded_path.c_str(), F_OK) != 0) {
    const absl::Status loaded = LoadDemo(*tenants, target, **mint);
    if (!loaded.ok()) return loaded;
    const absl::Status noted = WriteFile(loaded_path, "");
    if (!noted.ok()) return noted;
  }
  return AwaitFreshReads(*tenants, target, **mint);
}

int Run(const std::vector<char*>& arguments) {
  const std::string command = arguments.size() > 1 ? arguments[1] : "";
  if (command == "keys" && arguments.size() == 2) {
    const auto keys =
        MakeMachineKeys(absl::GetFlag(FLAGS_data) + "/keys", absl::GetFlag(FLAGS_lifetime));
    return keys.ok() ? 0 : Fail(kFailure, keys.status());
  }
  if (command == "token" && arguments.size() == 3) return PrintToken(arguments[2]);
  if (command == "people" && arguments.size() == 2) return PrintPeople();
  if (command == "load" && arguments.size() == 2) {
    const absl::Status loaded = Load();
    return loaded.ok() ? 0 : Fail(kFailure, loaded);
  }
  std::fprintf(stderr,
               "usage: marginalia-demo keys [--data=DIR]\n"
               "       marginalia-demo token [--data=DIR] [--org=ORG] PERSON\n"
               "       marginalia-demo people [--data=DIR]\n"
               "       marginalia-demo load [--data=DIR] [--comments_address=HOST:PORT] "
               "[--invoices_address=HOST:PORT]\n");
  return kMisuse;
}

}  // namespace
}  // namespace marginalia

int main(int argc, char** argv) {
  absl::SetProgramUsageMessage("makes tokens for the demo people, and loads the demo data");
  return marginalia::Run(absl::ParseCommandLine(argc, argv));
}
