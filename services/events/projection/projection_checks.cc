#include "services/events/projection/projection_checks.h"

#include <utility>

#include "services/errors/errors.h"
#include "services/process/log.h"

namespace marginalia {

ProjectionChecks::ProjectionChecks(EventSource& source, Projection& projection, Database& database,
                                   GroupCommit& writes)
    : source_(source), projection_(projection), database_(database), writes_(writes) {}

void ProjectionChecks::Ask(Kind kind, Done done) {
  {
    const std::lock_guard lock(mutex_);
    if (rebuilds_.size() + verifications_.size() < kChecksWaitingMax) {
      (kind == Kind::kRebuild ? rebuilds_ : verifications_).push_back(std::move(done));
      return;
    }
  }
  done(Refusal(absl::StatusCode::kResourceExhausted, "TOO_MANY_CHECKS",
               "Too many rebuilds and verifications are waiting; try again later.", {},
               absl::Seconds(5)));
}

bool ProjectionChecks::due() {
  const std::lock_guard lock(mutex_);
  return staging_ || (!running_ && (!rebuilds_.empty() || !verifications_.empty()));
}

std::optional<ProjectionPosition> ProjectionChecks::Step(const LogPoint& reached) {
  if (!check_.has_value() && !Begin()) return std::nullopt;
  if (!check_->run.staged()) {
    if (const absl::Status staged = Stage(); !staged.ok()) {
      Answer(staged);
      return std::nullopt;
    }
    if (!check_->run.staged()) return std::nullopt;
  }
  if (reached.log_id != check_->complete_at.log_id) {
    Answer(Refusal(absl::StatusCode::kUnavailable, "SNAPSHOT_INTERRUPTED",
                   "The event log was replaced by another one meanwhile; try again.", {},
                   absl::Seconds(1)));
    return std::nullopt;
  }
  if (reached.position < check_->complete_at.position) return std::nullopt;
  return Finish();
}

void ProjectionChecks::AnswerRebuilds(const ProjectionCheck& result) {
  std::vector<Done> waiting;
  {
    const std::lock_guard lock(mutex_);
    waiting.swap(rebuilds_);
  }
  for (Done& done : waiting) done(result);
}

void ProjectionChecks::Fail(const absl::Status& why) {
  if (check_.has_value()) Answer(why);
  std::vector<Done> waiting;
  std::vector<Done> verifications;
  {
    const std::lock_guard lock(mutex_);
    waiting.swap(rebuilds_);
    verifications.swap(verifications_);
  }
  for (Done& done : waiting) done(why);
  for (Done& done : verifications) done(why);
}

bool ProjectionChecks::Begin() {
  const std::lock_guard lock(mutex_);
  const Kind kind = rebuilds_.empty() ? Kind::kVerify : Kind::kRebuild;
  std::vector<Done>& waiting = kind == Kind::kRebuild ? rebuilds_ : verifications_;
  if (waiting.empty()) return false;
  check_.emplace(
      Check{kind, std::move(waiting), SnapshotRun(source_, projection_, database_, writes_), {}});
  waiting.clear();
  running_ = staging_ = true;
  return true;
}

absl::Status ProjectionChecks::Stage() {
  if (absl::Status staged = check_->run.StagePage(); !staged.ok()) return staged;
  if (!check_->run.staged()) return absl::OkStatus();
  const absl::StatusOr<LogPoint> head = source_.Head();
  if (!head.ok()) return head.status();
  check_->complete_at = *head;
  const std::lock_guard lock(mutex_);
  staging_ = false;
  return absl::OkStatus();
}

std::optional<ProjectionPosition> ProjectionChecks::Finish() {
  SnapshotRun& run = check_->run;
  const std::int64_t newer_than = run.as_of().position;
  if (check_->kind == Kind::kVerify) {
    Answer(run.Compare(newer_than));
    return std::nullopt;
  }
  const absl::StatusOr<ProjectionCheck> replaced = run.Replace(newer_than);
  if (!replaced.ok()) {
    Answer(replaced);
    return std::nullopt;
  }
  // The caches before the callers, who may read at once.
  projection_.InvalidateAll();
  const ProjectionPosition position = run.position();
  Answer(replaced);
  return position;
}

void ProjectionChecks::Answer(const absl::StatusOr<ProjectionCheck>& result) {
  {
    const std::lock_guard lock(mutex_);
    running_ = staging_ = false;
  }
  const Kind kind = check_->kind;
  std::vector<Done> waiting = std::move(check_->waiting);
  check_.reset();
  const std::string_view what =
      kind == Kind::kRebuild ? "projection rebuilt" : "projection verified";
  if (result.ok()) {
    Log(result->rows_differing == 0 ? Severity::kInfo : Severity::kWarning, what,
        {{"rows_checked", result->rows_checked}, {"rows_differing", result->rows_differing}});
  } else {
    Log(Severity::kWarning, "projection check failed",
        {{"rebuild", kind == Kind::kRebuild}, {"error", std::string(result.status().message())}});
  }
  for (Done& done : waiting) done(result);
}

}  // namespace marginalia
