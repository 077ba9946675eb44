#include "services/process/file_watch.h"

#include <utility>

namespace marginalia {

FileWatch::FileWatch(Look look, std::vector<FileStamp> read, absl::AnyInvocable<bool()> changed,
                     absl::Duration interval)
    : look_(std::move(look)),
      seen_(std::move(read)),
      changed_(std::move(changed)),
      thread_([this, interval] { Work(interval); }) {}

FileWatch::FileWatch(std::vector<std::string> paths, std::vector<FileStamp> read,
                     absl::AnyInvocable<bool()> changed, absl::Duration interval)
    : FileWatch(
          [paths = std::move(paths)] {
            std::vector<FileStamp> stamps = StampsOf(paths);
            if (stamps.size() != paths.size()) stamps.clear();
            return stamps;
          },
          std::move(read), std::move(changed), interval) {}

FileWatch::~FileWatch() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void FileWatch::LookNow(absl::Duration wait_max) {
  std::unique_lock lock(mutex_);
  const std::int64_t mine = ++asked_;
  wake_.notify_one();
  looked_signal_.wait_for(lock, absl::ToChronoMilliseconds(wait_max),
                          [this, mine] { return looked_ >= mine; });
}

void FileWatch::Work(absl::Duration interval) {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait_for(lock, absl::ToChronoMilliseconds(interval),
                   [this] { return stopping_ || asked_ > looked_; });
    if (stopping_) return;
    const std::int64_t asked = asked_;
    lock.unlock();
    std::vector<FileStamp> now = look_();
    if (!now.empty() && now != seen_ && changed_()) seen_ = std::move(now);
    lock.lock();
    looked_ = asked;
    looked_signal_.notify_all();
  }
}

}  // namespace marginalia
