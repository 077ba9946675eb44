// A file in the making, beside the name that it gets once it is whole: until then the name does not
// exist, whatever happens to the process. Used by one thread.
#ifndef MARGINALIA_DEPLOY_OPERATOR_BACKUP_UNFINISHED_FILE_H_
#define MARGINALIA_DEPLOY_OPERATOR_BACKUP_UNFINISHED_FILE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace marginalia {

struct FileDigest {
  std::int64_t bytes = 0;
  std::string sha256;
};

class UnfinishedFile {
 public:
  // Makes TARGET.unfinished, readable by its owner only; one that a killed process left is begun
  // anew. ALREADY_EXISTS when `target` is there, UNAVAILABLE when another process is making it.
  static absl::StatusOr<std::unique_ptr<UnfinishedFile>> Begin(const std::string& target);
  // Removes it, unless it has got its name.
  ~UnfinishedFile();
  UnfinishedFile(const UnfinishedFile&) = delete;
  UnfinishedFile& operator=(const UnfinishedFile&) = delete;

  // TARGET.unfinished. Others may write to it by this name as well.
  const std::string& path() const { return path_; }
  // At its end, in large pieces. RESOURCE_EXHAUSTED when the disk is full.
  absl::Status Append(std::string_view bytes);
  absl::StatusOr<FileDigest> Digest() const;
  // Puts it on the disk, then gives it its name, which nobody else may have taken meanwhile.
  absl::Status Finish();

 private:
  UnfinishedFile(std::string target, std::string path, int descriptor)
      : target_(std::move(target)), path_(std::move(path)), descriptor_(descriptor) {}

  const std::string target_;
  const std::string path_;
  const int descriptor_;  // locked for as long as it is in the making
  bool finished_ = false;
};

// Of a whole file, by name.
absl::StatusOr<FileDigest> DigestOf(const std::string& path);

// Gives the file `path` the owner of `model`, as far as this process may, and its permissions when
// it is a file too: what root makes must not be in the way of the service.
void OwnLike(const std::string& model, const std::string& path);

// Puts the names in the folder of `path` on the disk.
absl::Status SyncFolderOf(const std::string& path);

// "cannot DO PATH: why", RESOURCE_EXHAUSTED when `error` says that the disk is full.
absl::Status FileFailure(std::string_view doing, const std::string& path, int error);

}  // namespace marginalia

#endif  // MARGINALIA_DEPLOY_OPERATOR_BACKUP_UNFINISHED_FILE_H_
