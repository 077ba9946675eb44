// Watches files that an operator replaces, on a thread of its own: a volume that hangs then holds
// up nobody who serves.
#ifndef MARGINALIA_SERVICES_PROCESS_FILE_WATCH_H_
#define MARGINALIA_SERVICES_PROCESS_FILE_WATCH_H_

#include <condition_variable>
#include <cstdint>
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
  // What there is now; empty: not all of it, which is no change.
  using Look = absl::AnyInvocable<std::vector<FileStamp>()>;

  // Calls `changed` on its thread when what there is differs from `read`, which was there before it
  // was read, and then at each further change. While `changed` answers false, with which it says
  // that it could not read them, it is called again at each look.
  FileWatch(Look look, std::vector<FileStamp> read, absl::AnyInvocable<bool()> changed,
            absl::Duration interval = kFileLookInterval);
  // The same of files that must all be there.
  FileWatch(std::vector<std::string> paths, std::vector<FileStamp> read,
            absl::AnyInvocable<bool()> changed, absl::Duration interval = kFileLookInterval);
  // Waits for a look that is under way.
  ~FileWatch();
  FileWatch(const FileWatch&) = delete;
  FileWatch& operator=(const FileWatch&) = delete;

  // Has it look at once, and waits until it has, but no longer than so. From any thread.
  void LookNow(absl::Duration wait_max);

 private:
  void Work(absl::Duration interval);

  // Of its thread.
  Look look_;
  std::vector<FileStamp> seen_;
  absl::AnyInvocable<bool()> changed_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable looked_signal_;
  std::int64_t asked_ = 0;   // guarded by mutex_
  std::int64_t looked_ = 0;  // guarded by mutex_; up to which of those who asked it has looked
  bool stopping_ = false;    // guarded by mutex_
  std::thread thread_;
};

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_PROCESS_FILE_WATCH_H_
