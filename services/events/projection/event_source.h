// Where a projector gets its events from: the stream of another service's event log, and the
// snapshot of what that log has added up to. Implemented by the service that has the projection;
// the kit does not look into what happened.
#ifndef MARGINALIA_SERVICES_EVENTS_PROJECTION_EVENT_SOURCE_H_
#define MARGINALIA_SERVICES_EVENTS_PROJECTION_EVENT_SOURCE_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/tokens/consistency_token.h"

namespace marginalia {

// What a stretch of events, or a page of the snapshot, says. Only the source and the projection
// know its concrete type.
class StateUpdate {
 public:
  virtual ~StateUpdate() = default;
};

// One message of the stream.
struct EventBatch {
  // The positions of its events, contiguous among themselves; 0 and 0 in a mere checkpoint.
  std::int64_t first_position = 0;
  std::int64_t last_position = 0;
  // Nothing at or before this point will follow.
  LogPoint checkpoint;
  // All that had happened by then is at or before the checkpoint; InfinitePast when the message
  // does not tell.
  absl::Time complete_until = absl::InfinitePast();
  // Null in a mere checkpoint.
  std::unique_ptr<StateUpdate> update;
};

// One page of the snapshot.
struct SnapshotPage {
  std::unique_ptr<StateUpdate> update;
  std::int64_t row_count = 0;
  // Empty: this is the last page.
  std::string next_page_token;
  // The log as the first page found it: every page is as of then or later.
  LogPoint as_of;
};

// An open stream. Read is called by one thread; Cancel from any.
class SourceStream {
 public:
  virtual ~SourceStream() = default;
  // Waits for the next message. An error ends the stream: OUT_OF_RANGE when what follows is no
  // longer retained, INVALID_ARGUMENT when the log does not know the point, DATA_LOSS when
  // positions are missing, else UNAVAILABLE and the like.
  virtual absl::StatusOr<EventBatch> Read() = 0;
  // Makes a Read that is waiting, and every later one, fail.
  virtual void Cancel() = 0;
};

class EventSource {
 public:
  virtual ~EventSource() = default;
  // Opens a stream of all events after the point. Never blocks: what fails, fails in Read.
  virtual std::unique_ptr<SourceStream> Open(const LogPoint& after) = 0;
  // Waits for a page of the snapshot; an empty token is the first one.
  virtual absl::StatusOr<SnapshotPage> ReadSnapshot(const std::string& page_token) = 0;
  // Waits for where the log ends now.
  virtual absl::StatusOr<LogPoint> Head() = 0;
  // Makes ReadSnapshot and Head, under way or to come, fail. From any thread.
  virtual void Cancel() = 0;
};

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_EVENTS_PROJECTION_EVENT_SOURCE_H_
