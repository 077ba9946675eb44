#include "deploy/operator/audit/checkpoint_key_init.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <string>

#include "absl/strings/str_cat.h"
#include "comments-service/record/checkpoint.h"
#include "comments-service/record/signed_note.h"
#include "deploy/operator/shared_flags.h"
#include "deploy/operator/unfinished_file.h"

namespace marginalia {
namespace {

constexpr char kAbout[] =
    "Makes the Ed25519 key that comments-service signs checkpoints with (--checkpoint_key_path), "
    "as a\n"
    "file that only its owner may read, and beside it, with the ending .vkey, the verifier's key, "
    "which\n"
    "everybody may have: it goes with every checkpoint and evidence that is handed out. Prints "
    "the\n"
    "verifier's key. Overwrites nothing. To replace a key, make a new one under another name, "
    "append it\n"
    "to the file that the services read (cat new.pem >> checkpoint.pem), so that both sign, hand "
    "out\n"
    "the new verifier's key, and take the old one out of the file when nobody needs it any more.\n"
    "Exits with 0 when both files are there, 2 when they could not be made.";

std::string VerifierPath(const std::string& path) {
  return std::filesystem::path(path).replace_extension(".vkey").string();
}

absl::Status WriteNew(const std::string& path, const std::string& text, mode_t mode) {
  const auto file = UnfinishedFile::Begin(path);
  if (!file.ok()) return file.status();
  absl::Status status = (*file)->Append(text);
  if (status.ok() && chmod((*file)->path().c_str(), mode) != 0) {
    status = FileFailure("set the permissions of", path, errno);
  }
  return status.ok() ? (*file)->Finish() : status;
}

absl::Status CheckpointKeyInit() {
  const absl::StatusOr<std::string> to = Required("to", FLAGS_to);
  if (!to.ok()) return to.status();
  const std::string verifier_path = VerifierPath(*to);
  if (verifier_path == *to) {
    return absl::InvalidArgumentError(
        "--to: the ending .vkey is the verifier's key's: choose another, such as .pem");
  }
  if (std::error_code ignored; std::filesystem::exists(verifier_path, ignored)) {
    return absl::AlreadyExistsError(
        absl::StrCat(verifier_path, " exists already and is not overwritten: choose another name"));
  }
  const SigningKey key = SigningKey::Make();
  const std::string verifier = key.Verifier(kCheckpointKeyName).Text();
  absl::Status status = WriteNew(*to, key.Pem(), 0600);
  if (status.ok()) status = WriteNew(verifier_path, verifier + "\n", 0644);
  if (status.ok()) std::printf("%s\n", verifier.c_str());
  return status;
}

}  // namespace

Command CheckpointKeyInitCommand() {
  return {.name = "checkpoint-key-init",
          .summary = "makes the key that checkpoints are signed with, and its verifier's key",
          .about = kAbout,
          .example = "marginalia-operator checkpoint-key-init --to=keys/checkpoint.pem",
          .flags = {"to"},
          .run = CheckpointKeyInit};
}

}  // namespace marginalia
