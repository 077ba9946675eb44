#include "deploy/keys/machine_keys.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "absl/strings/ascii.h"
#include "absl/time/clock.h"
#include "deploy/keys/key_file.h"
#include "deploy/keys/token_mint.h"
#include "services/identity/token_verifier.h"

namespace marginalia {
namespace {

constexpr mode_t kSecret = 0600;

absl::Status MakeDirectory(const std::string& directory) {
  const std::filesystem::path parent = std::filesystem::path(directory).parent_path();
  std::error_code error;
  if (!parent.empty()) std::filesystem::create_directories(parent, error);
  if (mkdir(directory.c_str(), 0700) == 0 || errno == EEXIST) return absl::OkStatus();
  return absl::UnavailableError("cannot make " + directory + ": " + std::strerror(errno));
}

bool IsStillGood(const std::string& path, const TokenMint& mint, absl::Duration lifetime) {
  const auto verifier = TokenVerifier::Create(
      {.jwks_path = mint.jwks_path(), .issuer = mint.issuer(), .audience = mint.audience()});
  if (!verifier.ok()) return false;
  std::string token = ReadKeyFile(path);
  absl::StripAsciiWhitespace(&token);
  const auto verified = (*verifier)->Verify(token);
  const absl::Duration age_max = std::min(kServiceTokenAgeMax, lifetime / 2);
  return verified.ok() && (*verified)->expires - absl::Now() >= lifetime - age_max;
}

}  // namespace

absl::StatusOr<std::vector<MachineKeyFile>> MakeMachineKeys(const std::string& directory,
                                                            absl::Duration service_token_lifetime) {
  absl::Status status = MakeDirectory(directory);
  if (!status.ok()) return status;
  std::vector<MachineKeyFile> files;
  for (const char* name : {"/private-key.json", "/jwks.json"}) {
    files.push_back({directory + name, !std::filesystem::exists(directory + name)});
  }
  const auto mint = TokenMint::Open(directory);
  if (!mint.ok()) return mint.status();

  MachineKeyFile token = {directory + "/service.jwt"};
  token.made = !IsStillGood(token.path, **mint, service_token_lifetime);
  if (token.made) {
    const std::string made =
        (*mint)->Mint({"", "service", "Service", "service"}, service_token_lifetime);
    status = WriteKeyFile(token.path, made + "\n", kSecret, IfThere::kReplace);
    if (!status.ok()) return status;
  }
  files.push_back(token);
  return files;
}

}  // namespace marginalia
