#include "services/storage/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "absl/strings/str_cat.h"

namespace marginalia {
namespace {

absl::Status CannotTake(const std::string& path, int error) {
  if (error == EWOULDBLOCK) {
    return absl::UnavailableError(absl::StrCat(
        path, " is held by another process: only one may open the database it stands for"));
  }
  return absl::UnavailableError(
      absl::StrCat("cannot open ", path, ": ", std::generic_category().message(error)));
}

}  // namespace

absl::StatusOr<std::unique_ptr<FileLock>> FileLock::Take(const std::string& path) {
  const int descriptor = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (descriptor < 0) return CannotTake(path, errno);
  std::unique_ptr<FileLock> lock(new FileLock(descriptor));
  if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) return CannotTake(path, errno);
  return lock;
}

// The file stays: removing it could take it from under a process that has just opened it.
FileLock::~FileLock() { close(descriptor_); }

}  // namespace marginalia
