#include "services/events/projection/projector.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "services/errors/errors.h"
#include "services/events/projection/backoff.h"
#include "services/process/log.h"
#include "services/process/stopwatch.h"
#include "services/storage/read_value.h"

namespace marginalia {
namespace {

void Count(Counter* counter, std::int64_t amount = 1) {
  if (counter != nullptr) counter->Add(amount);
}

absl::Status Moved() {
  return absl::AbortedError(
      "the projection's position is another one than this process left it at");
}

// What a caller who waits for a check is told when the stream ends under it.
absl::Status ForCallers(const absl::Status& why) {
  if (absl::IsUnavailable(why) && !ReasonOf(why).empty()) return why;
  return Refusal(absl::StatusCode::kUnavailable, "SNAPSHOT_INTERRUPTED",
                 "The projection had to connect to the event log anew; try again.", {},
                 absl::Seconds(1));
}

}  // namespace

Projector::Projector(EventSource& source, Projection& projection, std::string database_url,
                     Database& database, GroupCommit& writes, ProjectionProgress& progress,
                     ProjectorCounters counters)
    : source_(source),
      projection_(projection),
      database_(database),
      writes_(writes),
      progress_(progress),
      counters_(counters),
      turn_(std::move(database_url), TurnOf::kRebuild),
      snapshots_(source, [this] { Wake(); }),
      checks_(projection,
              [this](Rebuild::Kind kind) {
                return std::make_unique<Rebuild>(kind, snapshots_, projection_, database_, writes_);
              }),
      thread_([this] { Run(); }) {}

Projector::~Projector() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    if (open_stream_ != nullptr) open_stream_->Cancel();
    woken_.notify_all();
  }
  source_.Cancel();
  queue_.Close(absl::CancelledError("the process is ending"));
  thread_.join();
}

void Projector::Check(Rebuild::Kind kind, ProjectionChecks::Done done) {
  // After a repair nothing differs any more.
  const bool repairs = kind == Rebuild::Kind::kRepair;
  checks_.Ask(kind, [this, repairs,
                     done = std::move(done)](const absl::StatusOr<ProjectionCheck>& check) mutable {
    if (check.ok()) progress_.Verified(repairs ? 0 : check->rows_differing, absl::Now());
    done(check);
  });
  Wake();
}

void Projector::Run() {
  Backoff backoff(kReconnectWaitMin, kReconnectWaitMax);
  while (!stopping()) {
    const absl::Status ended = FollowOnce();
    progress_.SetFollowing(false);
    if (std::exchange(heard_, false)) backoff.Reset();
    if (ended.ok() || stopping()) continue;
    Ended(ended);
    Pause(backoff.Next());
  }
  checks_.Fail(Refusal(absl::StatusCode::kUnavailable, "DRAINING", "The process is ending.", {},
                       absl::Seconds(1)));
}

// OK: go on at once, from the position that is stored now.
absl::Status Projector::FollowOnce() {
  if (absl::Status loaded = LoadPosition(); !loaded.ok()) return loaded;
  return must_build() ? BuildInTurn() : FollowStream();
}

absl::Status Projector::LoadPosition() {
  const auto stored = ReadValue<ProjectionPosition>(database_, Tenants(), ProjectionPosition::Read);
  if (!stored.ok()) return stored.status();
  // Another process that shares the database has rebuilt it: what follows may be there again.
  if (stored->rebuild_count != position_.rebuild_count) {
    dead_end_.reset();
    gaps_ = 0;
  }
  MoveTo(*stored);
  return absl::OkStatus();
}

bool Projector::must_build() const {
  return position_.point.log_id.empty() || dead_end_ == position_.point;
}

absl::Status Projector::BuildInTurn() {
  const absl::StatusOr<bool> taken = turn_.Take();
  if (!taken.ok()) return taken.status();
  if (!*taken) {
    // Another process builds it, for this one too.
    progress_.SourceHeard();
    Pause(kBuildTurnInterval);
    return absl::OkStatus();
  }
  // It may have been built just before it was this one's turn.
  absl::Status built = LoadPosition();
  if (built.ok() && must_build()) built = Build();
  turn_.Release();
  return built;
}

absl::Status Projector::Build() {
  Rebuild build(Rebuild::Kind::kBuild, snapshots_, projection_, database_, writes_);
  while (!build.done()) {
    if (stopping()) return absl::CancelledError("the process is ending");
    const absl::StatusOr<bool> stepped = build.Step(position_.point);
    if (!stepped.ok()) return stepped.status();
    if (!*stepped) {
      Pause(kBuildTurnInterval);
      continue;
    }
    progress_.SourceHeard();
    projection_.InvalidateAll();
    // At its beginning it may have forgotten the position: nobody is answered with that any more.
    if (!build.done()) MoveTo(*build.position());
  }
  Built(build);
  return absl::OkStatus();
}

void Projector::Built(const Rebuild& build) {
  const ProjectionCheck& result = build.result();
  Count(counters_.rebuilds);
  Log(Severity::kInfo, "projection built from the snapshot",
      {{"rows_checked", result.rows_checked},
       {"rows_differing", result.rows_differing},
       {"position", result.as_of.position}});
  dead_end_.reset();
  gaps_ = 0;
  MoveTo(*build.position());
  progress_.Verified(0, absl::Now());
  checks_.AnswerRepairs(result);
}

absl::Status Projector::FollowStream() {
  const std::unique_ptr<SourceStream> stream = source_.Open(position_.point);
  queue_.Reopen();
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return absl::CancelledError("the process is ending");
    open_stream_ = stream.get();
  }
  Count(counters_.streams_opened);
  // Reads ahead, so that parsing and applying overlap.
  std::thread reader([this, &stream] {
    for (;;) {
      absl::StatusOr<EventBatch> batch = stream->Read();
      if (!batch.ok()) return queue_.Close(batch.status());
      if (!queue_.Push(*std::move(batch))) return;
    }
  });
  absl::Status ended = ApplyUntilEnd();
  stream->Cancel();
  queue_.Close(absl::CancelledError("the stream is done with"));
  reader.join();
  const std::lock_guard lock(mutex_);
  open_stream_ = nullptr;
  return ended;
}

absl::Status Projector::ApplyUntilEnd() {
  SteadyTime heard = SteadyTime::Now();
  for (;;) {
    const SteadyTime until = checks_.due() ? SteadyTime::Now() : heard + kStreamSilenceMax;
    absl::StatusOr<std::vector<EventBatch>> batches = queue_.Pop(kBatchesPerTransactionMax, until);
    if (!batches.ok()) return batches.status();
    const SteadyTime now = SteadyTime::Now();
    if (!batches->empty()) {
      heard = now;
      if (absl::Status applied = Apply(*std::move(batches)); !applied.ok()) return applied;
    } else if (now - heard >= kStreamSilenceMax) {
      return absl::UnavailableError("the event stream has fallen silent");
    }
    if (const auto rebuilt = checks_.Step(position_.point); rebuilt.has_value()) {
      Count(counters_.rebuilds);
      position_.rebuild_count = rebuilt->rebuild_count;
    }
  }
}

absl::Status Projector::Apply(std::vector<EventBatch> batches) {
  Stretch stretch;
  stretch.batches = std::move(batches);
  if (absl::Status examined = Examine(stretch); !examined.ok()) return examined;
  if (stretch.first_position != 0) {
    if (absl::Status committed = Commit(stretch); !committed.ok()) return committed;
    Count(counters_.events_applied, stretch.reached.position - position_.point.position);
    gaps_ = 0;
  } else if (absl::Status held = CheckHeld(); !held.ok()) {
    return held;
  }
  // Only now: a waiter that wakes must find neither the old row nor a cache that still holds it.
  position_.point = stretch.reached;
  progress_.Reach(position_.point, stretch.complete_until);
  progress_.SetFollowing(true);
  heard_ = true;
  return absl::OkStatus();
}

// A stream of all events has no gaps. Takes out what is applied already.
absl::Status Projector::Examine(Stretch& stretch) {
  stretch.reached = position_.point;
  for (EventBatch& batch : stretch.batches) {
    if (batch.checkpoint.log_id != position_.point.log_id) {
      dead_end_ = position_.point;
      return absl::DataLossError("the event stream is of another log than was asked for");
    }
    std::int64_t& reached = stretch.reached.position;
    if (batch.update != nullptr && batch.first_position > reached + 1) {
      return absl::DataLossError(absl::StrCat("the event stream went from position ", reached,
                                              " to ", batch.first_position));
    }
    if (batch.last_position <= reached) batch.update.reset();
    reached = std::max(reached, batch.last_position);
    // Nothing at or before a checkpoint will follow, so what lies between was left out.
    if (batch.checkpoint.position > reached) {
      return absl::DataLossError(absl::StrCat("the event stream went from position ", reached,
                                              " to a checkpoint at ", batch.checkpoint.position));
    }
    stretch.complete_until = std::max(stretch.complete_until, batch.complete_until);
  }
  if (stretch.reached != position_.point) stretch.first_position = position_.point.position + 1;
  return absl::OkStatus();
}

absl::Status Projector::Commit(const Stretch& stretch) {
  bool moved = false;
  ProjectionPosition stored;
  const absl::Status status = writes_.SubmitAndWait(
      SteadyTime::Now() + kProjectionWriteWaitMax, Tenants::All(), [&](Connection& connection) {
        moved = ProjectionPosition::Advance(connection, stretch.first_position, stretch.reached,
                                            stretch.complete_until);
        stored = ProjectionPosition::Read(connection);
        if (!moved) return absl::OkStatus();
        for (const EventBatch& batch : stretch.batches) {
          if (batch.update != nullptr) projection_.Apply(connection, *batch.update);
        }
        return absl::OkStatus();
      });
  if (!status.ok()) return status;
  const bool applied_elsewhere = stored.point.log_id == stretch.reached.log_id &&
                                 stored.point.position >= stretch.reached.position;
  if (!moved && !applied_elsewhere) return Moved();
  if (stored.rebuild_count != position_.rebuild_count) projection_.InvalidateAll();
  position_.rebuild_count = stored.rebuild_count;
  for (const EventBatch& batch : stretch.batches) {
    if (batch.update != nullptr) projection_.Invalidate(*batch.update);
  }
  return absl::OkStatus();
}

// Of a database that others write to: a process that builds it anew has taken the position away,
// and a server that took over without the last commits has neither it nor the rows.
absl::Status Projector::CheckHeld() {
  if (database_.kind() != DatabaseKind::kPostgres) return absl::OkStatus();
  const auto stored = ReadValue<ProjectionPosition>(database_, Tenants(), ProjectionPosition::Read);
  if (!stored.ok()) return stored.status();
  const bool held = stored->point.log_id == position_.point.log_id &&
                    stored->point.position >= position_.point.position;
  if (!held) return Moved();
  if (std::exchange(position_.rebuild_count, stored->rebuild_count) != stored->rebuild_count) {
    projection_.InvalidateAll();
  }
  return absl::OkStatus();
}

// The caches before the progress: they may hold rows that another process has changed.
void Projector::MoveTo(const ProjectionPosition& position) {
  if (position.point == position_.point && position.rebuild_count == position_.rebuild_count) {
    return;
  }
  position_ = position;
  projection_.InvalidateAll();
  progress_.Reach(position_.point, position_.complete_until);
}

void Projector::Ended(const absl::Status& why) {
  // What follows is not retained any more, or the log is not the one it was.
  if (absl::IsOutOfRange(why) || absl::IsInvalidArgument(why)) dead_end_ = position_.point;
  if (absl::IsDataLoss(why) && ++gaps_ >= kGapsMax) dead_end_ = position_.point;
  Log(Severity::kWarning, "event stream ended",
      {{"error", std::string(why.message())},
       {"code", std::string(absl::StatusCodeToString(why.code()))},
       {"position", position_.point.position},
       {"rebuild", must_build()}});
  checks_.Fail(ForCallers(why));
}

// Ends the wait for the stream, or a pause, now or when it comes next.
void Projector::Wake() {
  queue_.Wake();
  const std::lock_guard lock(mutex_);
  called_ = true;
  woken_.notify_all();
}

bool Projector::stopping() {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

// A caller who asks for a check is not kept waiting for the reconnect, nor a page that has come.
void Projector::Pause(absl::Duration time) {
  std::unique_lock lock(mutex_);
  woken_.wait_for(lock, absl::ToChronoNanoseconds(time), [this] { return stopping_ || called_; });
  called_ = false;
}

}  // namespace marginalia
