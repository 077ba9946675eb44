// Keeps a projection up to date: follows the event stream of another service on a thread of its
// own, across restarts of either side, and applies each stretch of it together with its position in
// one transaction. Events that come twice change nothing, and none is ever skipped.
//
// It is always in one of three states. Which one, the position in the database and the answer of
// the source decide anew whenever one ends:
//   following  The position leads on: a stream is open behind it. Checks that callers ask for
//              (ProjectionChecks) run in between, a slice at a time.
//   building   There is no position, or what follows it is no longer retained or of another log:
//              the snapshot is read (Rebuild). Of the processes that share the database one builds.
//   waiting    Another process builds, or the source was not reached: looked again after a while.
#ifndef MARGINALIA_SERVICES_EVENTS_PROJECTION_PROJECTOR_H_
#define MARGINALIA_SERVICES_EVENTS_PROJECTION_PROJECTOR_H_

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "services/events/projection/batch_queue.h"
#include "services/events/projection/event_source.h"
#include "services/events/projection/position.h"
#include "services/events/projection/progress.h"
#include "services/events/projection/projection.h"
#include "services/events/projection/projection_checks.h"
#include "services/events/projection/rebuild.h"
#include "services/events/projection/snapshot_reader.h"
#include "services/storage/database.h"
#include "services/storage/group/group_commit.h"
#include "services/storage/turn.h"
#include "services/telemetry/metrics.h"

namespace marginalia {

// So many messages of the stream, of up to kBatchEventsMax events each, make one transaction at
// most.
inline constexpr std::size_t kBatchesPerTransactionMax = 16;
inline constexpr absl::Duration kReconnectWaitMin = absl::Milliseconds(50);
inline constexpr absl::Duration kReconnectWaitMax = absl::Seconds(5);
// A stream sends a checkpoint every second; one that is silent for so long is opened anew.
inline constexpr absl::Duration kStreamSilenceMax = absl::Seconds(5);
// The stream is opened anew at a gap; after so many in a row the snapshot is read instead.
inline constexpr int kGapsMax = 2;
// How often a process looks whether the one that builds the projection has built it.
inline constexpr absl::Duration kBuildTurnInterval = absl::Milliseconds(200);

// Where the projector counts; each may be null.
struct ProjectorCounters {
  Counter* events_applied = nullptr;
  Counter* rebuilds = nullptr;
  Counter* streams_opened = nullptr;
};

class Projector {
 public:
  // Starts to follow. `database_url` is the database's own, for the turn to build. Nothing is
  // owned; all must outlive the projector.
  Projector(EventSource& source, Projection& projection, std::string database_url,
            Database& database, GroupCommit& writes, ProjectionProgress& progress,
            ProjectorCounters counters = {});
  // Stops where it is; who waits for a check is answered UNAVAILABLE.
  ~Projector();
  Projector(const Projector&) = delete;
  Projector& operator=(const Projector&) = delete;

  // Compares the projection with the source's snapshot under live traffic (kVerify), or also
  // repairs what differs (kRepair). Thread-safe; see ProjectionChecks::Ask.
  void Check(Rebuild::Kind kind, ProjectionChecks::Done done);

 private:
  // A stretch of the stream that one transaction applies.
  struct Stretch {
    std::vector<EventBatch> batches;
    // The first position that is new; 0 when nothing is.
    std::int64_t first_position = 0;
    LogPoint reached;
    absl::Time complete_until = absl::InfinitePast();
  };

  void Run();
  absl::Status FollowOnce();
  absl::Status LoadPosition();
  bool must_build() const;
  absl::Status BuildInTurn();
  absl::Status Build();
  void Built(const Rebuild& build);
  absl::Status FollowStream();
  absl::Status ApplyUntilEnd();
  absl::Status Apply(std::vector<EventBatch> batches);
  absl::Status Examine(Stretch& stretch);
  absl::Status Commit(const Stretch& stretch);
  absl::Status CheckHeld();
  void MoveTo(const ProjectionPosition& position);
  void Ended(const absl::Status& why);

  void Wake();
  bool stopping();
  void Pause(absl::Duration time);

  EventSource& source_;
  Projection& projection_;
  Database& database_;
  GroupCommit& writes_;
  ProjectionProgress& progress_;
  const ProjectorCounters counters_;

  std::mutex mutex_;
  std::condition_variable woken_;
  bool stopping_ = false;                // guarded by mutex_
  bool called_ = false;                  // guarded by mutex_
  SourceStream* open_stream_ = nullptr;  // guarded by mutex_

  Turn turn_;
  BatchQueue queue_;
  SnapshotReader snapshots_;
  ProjectionChecks checks_;

  // The projector thread's own.
  ProjectionPosition position_;
  // The position that leads no further.
  std::optional<LogPoint> dead_end_;
  bool heard_ = false;
  int gaps_ = 0;

  std::thread thread_;
};

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_EVENTS_PROJECTION_PROJECTOR_H_
