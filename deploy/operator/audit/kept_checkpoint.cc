#include "deploy/operator/audit/kept_checkpoint.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "absl/strings/str_cat.h"
#include "comments-service/record/merkle_tree.h"
#include "deploy/operator/unfinished_file.h"

namespace marginalia {

absl::Status CheckSuccessor(const Checkpoint& kept, const Checkpoint& newer) {
  if (newer.origin != kept.origin) {
    return absl::DataLossError(absl::StrCat(
        "another log: the one that was watched is ", kept.origin, ", and the service has ",
        newer.origin,
        "; after a backup was restored that is so, then begin anew with another --state file"));
  }
  if (newer.size < kept.size) {
    return absl::DataLossError(absl::StrCat("a cut: the log had ", kept.size,
                                            " entries, and the service signs that it has ",
                                            newer.size));
  }
  if (newer.size == kept.size && newer.root != kept.root) {
    return absl::DataLossError(
        absl::StrCat("a fork: of ", kept.size, " entries the service has signed two roots"));
  }
  return absl::OkStatus();
}

absl::Status CheckGrowth(const Checkpoint& kept, const Checkpoint& newer,
                         std::span<const Digest> proof) {
  if (ProvesConsistency(kept.size, kept.root, newer.size, newer.root, proof)) {
    return absl::OkStatus();
  }
  return absl::DataLossError(absl::StrCat("a fork: the log of ", newer.size,
                                          " entries does not begin with the ", kept.size,
                                          " entries that were signed before"));
}

absl::Status ReplaceFile(const std::string& path, const std::string& text) {
  const std::string next = path + ".new";
  const int file = open(next.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return FileFailure("write", next, errno);
  const ssize_t written = write(file, text.data(), text.size());
  const bool whole = written == static_cast<ssize_t>(text.size()) && fsync(file) == 0;
  const int error = written >= 0 && errno == 0 ? ENOSPC : errno;
  close(file);
  if (!whole) return FileFailure("write", next, error);
  if (std::rename(next.c_str(), path.c_str()) != 0) return FileFailure("write", path, errno);
  return SyncFolderOf(path);
}

}  // namespace marginalia
