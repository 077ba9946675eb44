// Keeps a SQLite file to one process: SQLite would let a second one write and checkpoint.
#ifndef MARGINALIA_SERVICES_STORAGE_FILE_LOCK_H_
#define MARGINALIA_SERVICES_STORAGE_FILE_LOCK_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace marginalia {

// Held until it is destroyed or the process ends, however it ends.
class FileLock {
 public:
  // Makes the file `path` if need be. UNAVAILABLE, naming `path`, when it is taken or cannot be
  // made.
  static absl::StatusOr<std::unique_ptr<FileLock>> Take(const std::string& path);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  explicit FileLock(int descriptor) : descriptor_(descriptor) {}
  const int descriptor_;
};

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_STORAGE_FILE_LOCK_H_
