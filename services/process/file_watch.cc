#include "services/process/file_watch.h"

#include <utility>

namespace marginalia {

FileWatch::FileWatch(std::vector<std::string> paths, std::vector<FileStamp> read,
                     absl::AnyInvocable<void()> changed, absl::Duration interval)
    : paths_(std::move(paths)),
      seen_(std::move(read)),
      changed_(std::move(changed)),
      thread_([this, interval] { Work(interval); }) {}

FileWatch::~FileWatch() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stop_.notify_one();
  thread_.join();
}

void FileWatch::Work(absl::Duration interval) {
  std::unique_lock lock(mutex_);
  while (
      !stop_.wait_for(lock, absl::ToChronoMilliseconds(interval), [this] { return stopping_; })) {
    lock.unlock();
    std::vector<FileStamp> now = StampsOf(paths_);
    if (now.size() == paths_.size() && now != seen_) {
      seen_ = std::move(now);
      changed_();
    }
    lock.lock();
  }
}

}  // namespace marginalia
