#include "deploy/keys/machine_keys.h"

#include <openssl/rand.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "comments-service/record/checkpoint.h"
#include "comments-service/record/signed_note.h"
#include "deploy/keys/key_file.h"
#include "deploy/keys/token_mint.h"
#include "services/identity/token_verifier.h"

namespace marginalia {
namespace {

constexpr mode_t kSecret = 0600;
constexpr mode_t kPublic = 0644;
constexpr int kTokenKeyBytes = 32;

absl::Status MakeDirectory(const std::string& directory) {
  const std::filesystem::path parent = std::filesystem::path(directory).parent_path();
  std::error_code error;
  if (!parent.empty()) std::filesystem::create_directories(parent, error);
  if (mkdir(directory.c_str(), 0700) == 0) {
    OwnLikeFolder(directory);
    return absl::OkStatus();
  }
  if (errno == EEXIST) return absl::OkStatus();
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

// Once: with another key every token that is in use would be a stranger's.
absl::Status MakeTokenKey(const std::string& directory, std::vector<MachineKeyFile>& files) {
  MachineKeyFile file = {directory + "/token.key"};
  file.made = !std::filesystem::exists(file.path);
  files.push_back(file);
  if (!file.made) return absl::OkStatus();
  unsigned char key[kTokenKeyBytes];
  if (RAND_bytes(key, sizeof(key)) != 1) return absl::UnavailableError("no random bytes for a key");
  const absl::string_view bytes(reinterpret_cast<const char*>(key), sizeof(key));
  return WriteKeyFile(file.path, absl::BytesToHexString(bytes) + "\n", kSecret, IfThere::kKeep);
}

// The verifier's key comes from the file, so that it is right whoever was first.
absl::Status MakeCheckpointKey(const std::string& directory, std::vector<MachineKeyFile>& files) {
  MachineKeyFile secret = {directory + "/checkpoint.pem"};
  secret.made = !std::filesystem::exists(secret.path);
  files.push_back(secret);
  if (secret.made) {
    const absl::Status written =
        WriteKeyFile(secret.path, SigningKey::Make().Pem(), kSecret, IfThere::kKeep);
    if (!written.ok()) return written;
  }
  MachineKeyFile verifier = {directory + "/checkpoint.vkey"};
  verifier.made = !std::filesystem::exists(verifier.path);
  files.push_back(verifier);
  if (!verifier.made) return absl::OkStatus();
  const auto keys = SigningKey::FromPem(ReadKeyFile(secret.path));
  if (!keys.ok()) {
    return absl::FailedPreconditionError(
        absl::StrCat(secret.path, ": ", std::string(keys.status().message())));
  }
  std::string lines;
  for (const SigningKey& key : *keys) lines += key.Verifier(kCheckpointKeyName).Text() + "\n";
  return WriteKeyFile(verifier.path, lines, kPublic, IfThere::kKeep);
}

}  // namespace

absl::StatusOr<std::vector<MachineKeyFile>> MakeMachineKeys(const std::string& directory,
                                                            absl::Duration service_token_lifetime) {
  absl::Status status = MakeDirectory(directory);
  if (!status.ok()) return status;
  std::vector<MachineKeyFile> files = {{directory + "/private-key.json"},
                                       {directory + "/jwks.json"}};
  std::vector<std::string> before;
  for (const MachineKeyFile& file : files) before.push_back(ReadKeyFile(file.path));
  const auto mint = TokenMint::Open(directory);
  if (!mint.ok()) return mint.status();
  for (std::size_t i = 0; i < files.size(); ++i) {
    files[i].made = ReadKeyFile(files[i].path) != before[i];
  }

  MachineKeyFile token = {directory + "/service.jwt"};
  token.made = !IsStillGood(token.path, **mint, service_token_lifetime);
  if (token.made) {
    const std::string made =
        (*mint)->Mint({"", "service", "Service", "service"}, service_token_lifetime);
    status = WriteKeyFile(token.path, made + "\n", kSecret, IfThere::kReplace);
    if (!status.ok()) return status;
  }
  files.push_back(token);
  for (const auto make : {MakeTokenKey, MakeCheckpointKey}) {
    status = make(directory, files);
    if (!status.ok()) return status;
  }
  return files;
}

}  // namespace marginalia
