#include "services/events/projection/snapshot_reader.h"

#include <utility>

namespace marginalia {

SnapshotReader::SnapshotReader(EventSource& source, absl::AnyInvocable<void()> arrived)
    : source_(source), arrived_(std::move(arrived)), thread_([this] { Run(); }) {}

SnapshotReader::~SnapshotReader() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void SnapshotReader::Ask(std::string page_token) {
  {
    const std::lock_guard lock(mutex_);
    ++asked_;
    wanted_ = std::move(page_token);
    result_.reset();
  }
  changed_.notify_one();
}

std::optional<absl::StatusOr<ReadPage>> SnapshotReader::Take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(result_, std::nullopt);
}

void SnapshotReader::Run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return ending_ || wanted_.has_value(); });
    if (ending_) return;
    const std::uint64_t number = asked_;
    const std::string page_token = *std::exchange(wanted_, std::nullopt);
    lock.unlock();
    absl::StatusOr<ReadPage> page = Read(page_token);
    lock.lock();
    // Nobody waits any more for a page that another one was asked for after.
    if (number != asked_) continue;
    result_ = std::move(page);
    lock.unlock();
    arrived_();
    lock.lock();
  }
}

absl::StatusOr<ReadPage> SnapshotReader::Read(const std::string& page_token) {
  absl::StatusOr<SnapshotPage> page = source_.ReadSnapshot(page_token);
  if (!page.ok()) return page.status();
  absl::StatusOr<LogPoint> head = source_.Head();
  if (!head.ok()) return head.status();
  return ReadPage{*std::move(page), *std::move(head)};
}

}  // namespace marginalia
