#include "comments-service/audit/checkpoint_signer.h"

#include <cerrno>
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

bool IsSameFile(const struct stat& one, const struct stat& other) {
  return one.st_ino == other.st_ino && one.st_dev == other.st_dev && one.st_size == other.st_size &&
         one.st_mode == other.st_mode && one.st_mtim.tv_sec == other.st_mtim.tv_sec &&
         one.st_mtim.tv_nsec == other.st_mtim.tv_nsec;
}

}  // namespace

absl::StatusOr<std::unique_ptr<CheckpointSigner>> CheckpointSigner::Open(const std::string& path) {
  std::unique_ptr<CheckpointSigner> signer(new CheckpointSigner(path));
  if (path.empty()) {
    Log(Severity::kWarning,
        "audit checkpoints are not signed: without --checkpoint_key_path nobody can be shown that "
        "the record was not written anew");
    return signer;
  }
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) {
    return absl::InvalidArgumentError(absl::StrCat("cannot read ", path, ": ",
                                                   std::generic_category().message(errno),
                                                   "; checkpoint-key-init makes one"));
  }
  const absl::Status read = signer->Read(info);
  if (!read.ok()) return read;
  return signer;
}

absl::Status CheckpointSigner::Read(const struct stat& info) {
  seen_ = info;
  if ((info.st_mode & kForbiddenPermissions) != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat(path_, " may be read by others or changed by its group: chmod 600 it"));
  }
  if (info.st_size > kKeyFileBytesMax) {
    return absl::InvalidArgumentError(absl::StrCat(path_, " is longer than 64 KiB"));
  }
  std::ifstream file(path_, std::ios::binary);
  const std::string pem(std::istreambuf_iterator<char>(file), {});
  absl::StatusOr<std::vector<SigningKey>> keys = SigningKey::FromPem(pem);
  if (!keys.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat(path_, ": ", std::string(keys.status().message())));
  }
  keys_ = *std::move(keys);
  return absl::OkStatus();
}

std::optional<std::string> CheckpointSigner::Sign(const Checkpoint& checkpoint) {
  if (path_.empty()) return std::nullopt;
  std::vector<SigningKey> keys;
  {
    const std::lock_guard lock(mutex_);
    struct stat info {};
    if (stat(path_.c_str(), &info) == 0 && !IsSameFile(info, seen_)) {
      const absl::Status read = Read(info);
      const std::string why(read.message());
      if (read.ok()) {
        Log(Severity::kInfo, "the checkpoint keys were read again",
            {{"keys", static_cast<std::int64_t>(keys_.size())}});
      } else {
        Log(Severity::kWarning, "the checkpoint keys stay as they were", {{"error", why}});
      }
    }
    keys = keys_;
  }
  return SignNote(CheckpointText(checkpoint), kCheckpointKeyName, keys);
}

std::vector<std::string> CheckpointSigner::VerifierKeys() {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> texts;
  for (const SigningKey& key : keys_) texts.push_back(key.Verifier(kCheckpointKeyName).Text());
  return texts;
}

}  // namespace marginalia
