// Watches files that an operator replaces, on a thread of its own: a volume that hangs then holds
// up nobody who serves.
#ifndef MARGINALIA_SERVICES_PROCESS_FILE_WATCH_H_
#define MARGINALIA_SERVICES_PROCESS_FILE_WATCH_H_

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "services/process/file_stamp.h"

namespace marginalia {

inline constexpr absl::Duration kFileLookInterval = absl::Seconds(1);

class FileWatch {
 public:
  // Calls `changed` on its thread when one of the files is no longer as it was at `read`, which
  // StampsOf said before they were read, and then at each further change. Not while a file is gone.
  FileWatch(std::vector<std::string> paths, std::vector<FileStamp> read,
            absl::AnyInvocable<void()> changed, absl::Duration interval = kFileLookInterval);
  // Waits for a look that is under way.
  ~FileWatch();
  FileWatch(const FileWatch&) = delete;
  FileWatch& operator=(const FileWatch&) = delete;

 private:
  void Work(absl::Duration interval);

  const std::vector<std::string> paths_;
  // Of its thread.
  std::vector<FileStamp> seen_;
  absl::AnyInvocable<void()> changed_;
  std::mutex mutex_;
  std::condition_variable stop_;
  bool stopping_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_PROCESS_FILE_WATCH_H_
