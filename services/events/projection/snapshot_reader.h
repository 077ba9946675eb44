// Reads pages of the source's snapshot on a thread of its own, because the one that applies events
// must not wait for them. One thread asks and takes.
#ifndef MARGINALIA_SERVICES_EVENTS_PROJECTION_SNAPSHOT_READER_H_
#define MARGINALIA_SERVICES_EVENTS_PROJECTION_SNAPSHOT_READER_H_

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "services/events/projection/event_source.h"

namespace marginalia {

struct ReadPage {
  SnapshotPage page;
  // Where the log ended after the page was read: it holds nothing that came later.
  LogPoint complete_at;
};

class SnapshotReader {
 public:
  // The source is not owned. `arrived` is called on the reader's thread whenever there is something
  // to take.
  SnapshotReader(EventSource& source, absl::AnyInvocable<void()> arrived);
  // The source must have been cancelled: a read under way is waited for.
  ~SnapshotReader();

  // An empty token is the first page. What was asked for before and not taken is dropped.
  void Ask(std::string page_token);
  // The page that was asked for last, once; nothing while it is being read.
  std::optional<absl::StatusOr<ReadPage>> Take();

 private:
  void Run();
  absl::StatusOr<ReadPage> Read(const std::string& page_token);

  EventSource& source_;
  absl::AnyInvocable<void()> arrived_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool ending_ = false;                             // all guarded by mutex_
  std::uint64_t asked_ = 0;                         // how many pages were ever asked for
  std::optional<std::string> wanted_;               // not begun yet
  std::optional<absl::StatusOr<ReadPage>> result_;  // of the one asked for last
  std::thread thread_;
};

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_EVENTS_PROJECTION_SNAPSHOT_READER_H_
