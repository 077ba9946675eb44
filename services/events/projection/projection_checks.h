// The rebuilds and verifications that callers ask for. They run on the projector's thread, a page
// between two transactions, so that the projection goes on following while they do.
#ifndef MARGINALIA_SERVICES_EVENTS_PROJECTION_PROJECTION_CHECKS_H_
#define MARGINALIA_SERVICES_EVENTS_PROJECTION_PROJECTION_CHECKS_H_

#include <cstddef>
#include <mutex>
#include <optional>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/events/projection/event_source.h"
#include "services/events/projection/position.h"
#include "services/events/projection/projection.h"
#include "services/events/projection/snapshot_run.h"
#include "services/storage/database.h"
#include "services/storage/group/group_commit.h"

namespace marginalia {

inline constexpr std::size_t kChecksWaitingMax = 64;

class ProjectionChecks {
 public:
  using Done = absl::AnyInvocable<void(const absl::StatusOr<ProjectionCheck>&)>;
  enum class Kind { kVerify, kRebuild };

  ProjectionChecks(EventSource& source, Projection& projection, Database& database,
                   GroupCommit& writes);

  // From any thread. `done` is called once, on the projector's thread; beyond kChecksWaitingMax at
  // once, with RESOURCE_EXHAUSTED, reason TOO_MANY_CHECKS. Those that wait for the same kind share
  // a run.
  void Ask(Kind kind, Done done);

  // Whether Step has work that waits for no event. From any thread.
  bool due();

  // The rest is for the projector's thread. Step does the next piece of work; `reached` is how far
  // the projection has got. Returns the new position when it has just been rebuilt.
  std::optional<ProjectionPosition> Step(const LogPoint& reached);
  // Answers those that wait for a rebuild with one that was due anyway.
  void AnswerRebuilds(const ProjectionCheck& result);
  // Answers all with a failure that is theirs to retry.
  void Fail(const absl::Status& why);

 private:
  struct Check {
    Kind kind;
    std::vector<Done> waiting;
    SnapshotRun run;
    // Where the log ended after the last page: the snapshot holds nothing that came later.
    LogPoint complete_at;
  };

  bool Begin();
  absl::Status Stage();
  std::optional<ProjectionPosition> Finish();
  void Answer(const absl::StatusOr<ProjectionCheck>& result);

  EventSource& source_;
  Projection& projection_;
  Database& database_;
  GroupCommit& writes_;
  std::optional<Check> check_;  // the projector's thread only

  std::mutex mutex_;
  std::vector<Done> rebuilds_;
  std::vector<Done> verifications_;
  bool running_ = false;
  bool staging_ = false;
};

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_EVENTS_PROJECTION_PROJECTION_CHECKS_H_
