#include "deploy/operator/unfinished_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <vector>

#include "absl/strings/str_cat.h"
#include "deploy/operator/audit/sha256.h"

namespace marginalia {
namespace {

constexpr std::size_t kReadBytes = 1024 * 1024;

absl::Status TargetExists(const std::string& target) {
  return absl::AlreadyExistsError(
      absl::StrCat(target, " exists already and is not overwritten: choose another name"));
}

// Between open and lock another process may have finished the file, and it then has its name.
bool IsNamed(int descriptor, const std::string& path) {
  struct stat opened {};
  struct stat named {};
  return fstat(descriptor, &opened) == 0 && stat(path.c_str(), &named) == 0 &&
         opened.st_ino == named.st_ino && opened.st_dev == named.st_dev;
}

absl::StatusOr<FileDigest> DigestOfOpen(int descriptor, const std::string& path) {
  Sha256 sha256;
  FileDigest digest;
  std::vector<char> buffer(kReadBytes);
  while (true) {
    const ssize_t count = pread(descriptor, buffer.data(), buffer.size(), digest.bytes);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return FileFailure("read", path, errno);
    if (count == 0) break;
    sha256.Update({buffer.data(), static_cast<std::size_t>(count)});
    digest.bytes += count;
  }
  digest.sha256 = sha256.Hex();
  return digest;
}

// Never onto a file that is there already. False: errno says why.
bool Renamed(const std::string& path, const std::string& target) {
  if (renameat2(AT_FDCWD, path.c_str(), AT_FDCWD, target.c_str(), RENAME_NOREPLACE) == 0) {
    return true;
  }
  // Network file systems know no such rename.
  if (errno != EINVAL && errno != ENOSYS) return false;
  return link(path.c_str(), target.c_str()) == 0 && unlink(path.c_str()) == 0;
}

}  // namespace

absl::Status FileFailure(std::string_view doing, const std::string& path, int error) {
  const bool full = error == ENOSPC || error == EDQUOT;
  return absl::Status(
      full ? absl::StatusCode::kResourceExhausted : absl::StatusCode::kUnavailable,
      absl::StrCat("cannot ", std::string(doing), " ", path, ": ",
                   full ? "the disk is full" : std::generic_category().message(error)));
}

absl::Status SyncFolderOf(const std::string& path) {
  const std::filesystem::path parent = std::filesystem::path(path).parent_path();
  const std::string folder = parent.empty() ? "." : parent.string();
  const int descriptor = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = descriptor >= 0 && fsync(descriptor) == 0;
  const int error = errno;
  if (descriptor >= 0) close(descriptor);
  return synced ? absl::OkStatus() : FileFailure("sync", folder, error);
}

absl::StatusOr<FileDigest> DigestOf(const std::string& path) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return FileFailure("open", path, errno);
  absl::StatusOr<FileDigest> digest = DigestOfOpen(descriptor, path);
  close(descriptor);
  return digest;
}

void OwnLike(const std::string& model, const std::string& path) {
  struct stat info {};
  if (stat(model.c_str(), &info) != 0) return;
  // The folder may be another user's, who could have put a link to something else there.
  const int descriptor = open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
  if (descriptor < 0) return;
  struct stat own {};
  if (fstat(descriptor, &own) == 0 && S_ISREG(own.st_mode) && own.st_nlink == 1 &&
      (geteuid() != 0 || fchown(descriptor, info.st_uid, info.st_gid) == 0) &&
      S_ISREG(info.st_mode)) {
    fchmod(descriptor, info.st_mode & 0777);
  }
  close(descriptor);
}

absl::StatusOr<std::unique_ptr<UnfinishedFile>> UnfinishedFile::Begin(const std::string& target) {
  std::error_code ignored;
  if (std::filesystem::exists(std::filesystem::symlink_status(target, ignored))) {
    return TargetExists(target);
  }
  const std::string path = target + ".unfinished";
  const int descriptor = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (descriptor < 0) return FileFailure("make", path, errno);
  if (flock(descriptor, LOCK_EX | LOCK_NB) != 0 || !IsNamed(descriptor, path)) {
    close(descriptor);
    return absl::UnavailableError(
        absl::StrCat("another process is writing ", path, ": wait for it or choose another name"));
  }
  std::unique_ptr<UnfinishedFile> file(new UnfinishedFile(target, path, descriptor));
  if (ftruncate(descriptor, 0) != 0) return FileFailure("empty", path, errno);
  return file;
}

UnfinishedFile::~UnfinishedFile() {
  if (!finished_) unlink(path_.c_str());
  close(descriptor_);
}

absl::Status UnfinishedFile::Append(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = write(descriptor_, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return FileFailure("write", path_, errno);
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return absl::OkStatus();
}

absl::StatusOr<FileDigest> UnfinishedFile::Digest() const {
  return DigestOfOpen(descriptor_, path_);
}

absl::Status UnfinishedFile::Finish() {
  if (fsync(descriptor_) != 0) return FileFailure("sync", path_, errno);
  if (!Renamed(path_, target_)) {
    return errno == EEXIST ? TargetExists(target_)
                           : FileFailure(absl::StrCat("rename ", path_, " to"), target_, errno);
  }
  finished_ = true;
  const absl::Status synced = SyncFolderOf(target_);
  if (synced.ok()) return synced;
  return absl::UnavailableError(absl::StrCat(
      target_, " is in place, but may not outlast a power cut: ", std::string(synced.message())));
}

}  // namespace marginalia
