// Signs checkpoints with the keys of a file that an operator gives and replaces: it is looked at on
// a thread of its own, and whoever signs waits for no disk. Thread-safe.
#ifndef MARGINALIA_COMMENTS_SERVICE_AUDIT_CHECKPOINT_SIGNER_H_
#define MARGINALIA_COMMENTS_SERVICE_AUDIT_CHECKPOINT_SIGNER_H_

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "comments-service/record/checkpoint.h"
#include "comments-service/record/signed_note.h"
#include "services/process/file_watch.h"

namespace marginalia {

class CheckpointSigner {
 public:
  // `path` is a file of 1 to 4 Ed25519 private keys in PEM that others than its owner's group
  // cannot read; empty: nothing is signed, and the log says so once. Fails, naming the file, when
  // it will not do. It is looked at every `interval`.
  static absl::StatusOr<std::unique_ptr<CheckpointSigner>> Open(
      const std::string& path, absl::Duration interval = kFileLookInterval);

  // Whether there is a key.
  bool signs() const { return !path_.empty(); }

  // The checkpoint as a note that each of the keys has signed; nothing without a key. A file that
  // has changed is read again within two looks; one that will not do is told to the log once, and
  // the keys from before it stay.
  std::optional<std::string> Sign(const Checkpoint& checkpoint);

  // What verifies it, by the keys that signed last: NAME+ID+KEY each.
  std::vector<std::string> VerifierKeys();

 private:
  explicit CheckpointSigner(std::string path) : path_(std::move(path)) {}
  std::vector<SigningKey> Keys();
  void ReadAgain();

  const std::string path_;
  std::mutex mutex_;
  std::vector<SigningKey> keys_;  // guarded by mutex_
  // The last member: its thread uses the others.
  std::optional<FileWatch> watch_;
};

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_AUDIT_CHECKPOINT_SIGNER_H_
