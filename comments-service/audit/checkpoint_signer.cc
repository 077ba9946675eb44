#include "comments-service/audit/checkpoint_signer.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/process/log.h"

namespace marginalia {
namespace {

constexpr std::int64_t kKeyFileBytesMax = 64 * 1024;
// A secret that Kubernetes mounts may be read by the pod's group.
constexpr mode_t kForbiddenPermissions = 0037;

absl::StatusOr<std::vector<SigningKey>> ReadSigningKeys(const std::string& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) {
    return absl::InvalidArgumentError(absl::StrCat("cannot read ", path, ": ",
                                                   std::generic_category().message(errno),
                                                   "; checkpoint-key-init makes one"));
  }
  if ((info.st_mode & kForbiddenPermissions) != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, " may be read by others or changed by its group: chmod 600 it"));
  }
  if (info.st_size > kKeyFileBytesMax) {
    return absl::InvalidArgumentError(absl::StrCat(path, " is longer than 64 KiB"));
  }
  std::ifstream file(path, std::ios::binary);
  const std::string pem(std::istreambuf_iterator<char>(file), {});
  absl::StatusOr<std::vector<SigningKey>> keys = SigningKey::FromPem(pem);
  if (keys.ok()) return keys;
  return absl::InvalidArgumentError(absl::StrCat(path, ": ", std::string(keys.status().message())));
}

}  // namespace

absl::StatusOr<std::unique_ptr<CheckpointSigner>> CheckpointSigner::Open(const std::string& path,
                                                                         absl::Duration interval) {
  std::unique_ptr<CheckpointSigner> signer(new CheckpointSigner(path));
  if (path.empty()) {
    Log(Severity::kWarning,
        "audit checkpoints are not signed: without --checkpoint_key_path nobody can be shown that "
        "the record was not written anew");
    return signer;
  }
  std::vector<FileStamp> stamps = StampsOf({path});
  absl::StatusOr<std::vector<SigningKey>> keys = ReadSigningKeys(path);
  if (!keys.ok()) return keys.status();
  signer->keys_ = *std::move(keys);
  signer->watch_.emplace(
      std::vector<std::string>{path}, std::move(stamps),
      [signer = signer.get()] {
        signer->ReadAgain();
        // What is wrong with a file is said once.
        return true;
      },
      interval);
  return signer;
}

void CheckpointSigner::ReadAgain() {
  absl::StatusOr<std::vector<SigningKey>> keys = ReadSigningKeys(path_);
  if (!keys.ok()) {
    const std::string why(keys.status().message());
    Log(Severity::kWarning, "the checkpoint keys stay as they were", {{"error", why}});
    return;
  }
  const auto count = static_cast<std::int64_t>(keys->size());
  {
    const std::lock_guard lock(mutex_);
    keys_ = *std::move(keys);
  }
  Log(Severity::kInfo, "the checkpoint keys were read again", {{"keys", count}});
}

std::vector<SigningKey> CheckpointSigner::Keys() {
  const std::lock_guard lock(mutex_);
  return keys_;
}

std::optional<std::string> CheckpointSigner::Sign(const Checkpoint& checkpoint) {
  if (path_.empty()) return std::nullopt;
  return SignNote(CheckpointText(checkpoint), kCheckpointKeyName, Keys());
}

std::vector<std::string> CheckpointSigner::VerifierKeys() {
  std::vector<std::string> texts;
  for (const SigningKey& key : Keys()) texts.push_back(key.Verifier(kCheckpointKeyName).Text());
  return texts;
}

}  // namespace marginalia
