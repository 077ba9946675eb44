// The repairs and verifications that callers ask for. They run on the projector's thread, a slice
// between two stretches of events, so that the projection goes on following while they do.
#ifndef MARGINALIA_SERVICES_EVENTS_PROJECTION_PROJECTION_CHECKS_H_
#define MARGINALIA_SERVICES_EVENTS_PROJECTION_PROJECTION_CHECKS_H_

#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/events/projection/rebuild.h"
#include "services/tokens/consistency_token.h"

namespace marginalia {

inline constexpr std::size_t kChecksWaitingMax = 64;

class ProjectionChecks {
 public:
  using Done = absl::AnyInvocable<void(const absl::StatusOr<ProjectionCheck>&)>;
  // Begins a rebuild of that kind.
  using Begin = absl::AnyInvocable<std::unique_ptr<Rebuild>(Rebuild::Kind)>;

  // The projection is not owned.
  ProjectionChecks(Projection& projection, Begin begin)
      : projection_(projection), begin_(std::move(begin)) {}

  // From any thread. `kind` is kVerify or kRepair. `done` is called once, on the projector's
  // thread; beyond kChecksWaitingMax at once, with RESOURCE_EXHAUSTED, reason TOO_MANY_CHECKS.
  // Those that wait for the same kind share a run.
  void Ask(Rebuild::Kind kind, Done done);

  // Whether Step may have work that waits for no event and no page. From any thread.
  bool due();

  // The rest is for the projector's thread. Step does the next piece of work; `reached` is how far
  // the projection has got. Returns the position row as a repair that has just ended has left it.
  std::optional<ProjectionPosition> Step(const LogPoint& reached);
  // Answers those that wait for a repair with a build that was due anyway.
  void AnswerRepairs(const ProjectionCheck& result);
  // Answers all with a failure that is theirs to retry.
  void Fail(const absl::Status& why);

 private:
  struct Check {
    std::unique_ptr<Rebuild> run;
    std::vector<Done> waiting;
  };

  bool BeginNext();
  void Answer(const absl::StatusOr<ProjectionCheck>& result);

  Projection& projection_;
  Begin begin_;
  std::optional<Check> check_;  // the projector's thread only

  std::mutex mutex_;
  std::vector<Done> repairs_;  // all guarded by mutex_
  std::vector<Done> verifications_;
  bool running_ = false;
  bool run_due_ = false;
};

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_EVENTS_PROJECTION_PROJECTION_CHECKS_H_
