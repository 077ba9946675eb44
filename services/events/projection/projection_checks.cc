#include "services/events/projection/projection_checks.h"

#include <string>
#include <string_view>

#include "services/errors/errors.h"
#include "services/process/log.h"

namespace marginalia {

void ProjectionChecks::Ask(Rebuild::Kind kind, Done done) {
  {
    const std::lock_guard lock(mutex_);
    if (repairs_.size() + verifications_.size() < kChecksWaitingMax) {
      (kind == Rebuild::Kind::kRepair ? repairs_ : verifications_).push_back(std::move(done));
      return;
    }
  }
  done(Refusal(absl::StatusCode::kResourceExhausted, "TOO_MANY_CHECKS",
               "Too many rebuilds and verifications are waiting; try again later.", {},
               absl::Seconds(5)));
}

bool ProjectionChecks::due() {
  const std::lock_guard lock(mutex_);
  return running_ ? run_due_ : !repairs_.empty() || !verifications_.empty();
}

std::optional<ProjectionPosition> ProjectionChecks::Step(const LogPoint& reached) {
  if (!check_.has_value() && !BeginNext()) return std::nullopt;
  Rebuild& run = *check_->run;
  const absl::StatusOr<bool> stepped = run.Step(reached);
  {
    const std::lock_guard lock(mutex_);
    run_due_ = run.due();
  }
  if (!stepped.ok()) {
    Answer(stepped.status());
    return std::nullopt;
  }
  // The caches before the callers, who may read at once.
  if (*stepped && run.kind() == Rebuild::Kind::kRepair) projection_.InvalidateAll();
  if (!run.done()) return std::nullopt;
  const std::optional<ProjectionPosition> position = run.position();
  Answer(run.result());
  return position;
}

void ProjectionChecks::AnswerRepairs(const ProjectionCheck& result) {
  std::vector<Done> waiting;
  {
    const std::lock_guard lock(mutex_);
    waiting.swap(repairs_);
  }
  for (Done& done : waiting) done(result);
}

void ProjectionChecks::Fail(const absl::Status& why) {
  if (check_.has_value()) Answer(why);
  std::vector<Done> waiting;
  std::vector<Done> verifications;
  {
    const std::lock_guard lock(mutex_);
    waiting.swap(repairs_);
    verifications.swap(verifications_);
  }
  for (Done& done : waiting) done(why);
  for (Done& done : verifications) done(why);
}

bool ProjectionChecks::BeginNext() {
  const std::lock_guard lock(mutex_);
  const auto kind = repairs_.empty() ? Rebuild::Kind::kVerify : Rebuild::Kind::kRepair;
  std::vector<Done>& waiting = kind == Rebuild::Kind::kRepair ? repairs_ : verifications_;
  if (waiting.empty()) return false;
  check_.emplace(Check{begin_(kind), std::move(waiting)});
  waiting.clear();
  running_ = true;
  run_due_ = false;
  return true;
}

void ProjectionChecks::Answer(const absl::StatusOr<ProjectionCheck>& result) {
  {
    const std::lock_guard lock(mutex_);
    running_ = false;
  }
  const bool repairs = check_->run->kind() == Rebuild::Kind::kRepair;
  std::vector<Done> waiting = std::move(check_->waiting);
  check_.reset();
  const std::string_view what = repairs ? "projection rebuilt" : "projection verified";
  if (result.ok()) {
    Log(result->rows_differing == 0 ? Severity::kInfo : Severity::kWarning, what,
        {{"rows_checked", result->rows_checked}, {"rows_differing", result->rows_differing}});
  } else {
    Log(Severity::kWarning, "projection check failed",
        {{"rebuild", repairs}, {"error", std::string(result.status().message())}});
  }
  for (Done& done : waiting) done(result);
}

}  // namespace marginalia
