// Signs checkpoints with the keys of a file that an operator gives and replaces. Thread-safe.
#ifndef MARGINALIA_COMMENTS_SERVICE_AUDIT_CHECKPOINT_SIGNER_H_
#define MARGINALIA_COMMENTS_SERVICE_AUDIT_CHECKPOINT_SIGNER_H_

#include <sys/stat.h>

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "comments-service/record/checkpoint.h"
#include "comments-service/record/signed_note.h"

namespace marginalia {

class CheckpointSigner {
 public:
  // `path` is a file of 1 to 4 Ed25519 private keys in PEM that others than its owner's group
  // cannot read; empty: nothing is signed, and the log says so once. Fails, naming the file, when
  // it will not do.
  static absl::StatusOr<std::unique_ptr<CheckpointSigner>> Open(const std::string& path);

  // Whether there is a key.
  bool signs() const { return !path_.empty(); }

  // The checkpoint as a note that each of the keys has signed; nothing without a key. A file that
  // has changed is read again first; one that will not do is told to the log once, and the keys
  // from before it stay.
  std::optional<std::string> Sign(const Checkpoint& checkpoint);

  // What verifies it, by the keys that signed last: NAME+ID+KEY each.
  std::vector<std::string> VerifierKeys();

 private:
  explicit CheckpointSigner(std::string path) : path_(std::move(path)) {}
  absl::Status Read(const struct stat& info);

  const std::string path_;
  std::mutex mutex_;
  // Guarded by mutex_: of the file as it was read or refused last.
  struct stat seen_ {};
  std::vector<SigningKey> keys_;
};

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_AUDIT_CHECKPOINT_SIGNER_H_
