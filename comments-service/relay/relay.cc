#include "comments-service/relay/relay.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/events/projection/backoff.h"
#include "services/process/pause.h"
#include "services/process/stopwatch.h"
#include "services/storage/read_value.h"

namespace marginalia {
namespace {

// The position's write gives way to the callers': when it cannot be had soon, the next one will do.
constexpr absl::Duration kPositionWriteMax = absl::Seconds(1);

// What the feed wakes; it may do so after nobody waits any more.
struct Alarm {
  std::mutex mutex;
  std::condition_variable_any rings;
  bool rung = false;

  void Ring() {
    {
      const std::lock_guard lock(mutex);
      rung = true;
    }
    rings.notify_all();
  }
  void Wait(const std::stop_token& stop) {
    std::unique_lock lock(mutex);
    rings.wait(lock, stop, [this] { return rung; });
  }
};

}  // namespace

Relay::Relay(RelayStreamOptions options, std::string database_url, Database& database,
             GroupCommit& writes, EventFeed& feed, Checkpoints* checkpoints, Metrics& metrics)
    : options_(std::move(options)),
      database_(database),
      writes_(writes),
      feed_(feed),
      status_(options_.description, feed.log(), metrics),
      turn_(std::move(database_url), TurnOf::kRelay),
      checkpoints_(checkpoints == nullptr
                       ? std::nullopt
                       : std::optional<RelayCheckpoints>(std::in_place, database, *checkpoints)),
      thread_([this](const std::stop_token& stop) { Run(stop); }) {}

Relay::~Relay() = default;

bool Relay::ending(const std::stop_token& stop) const {
  return stop.stop_requested() || feed_.closed();
}

void Relay::Run(const std::stop_token& stop) {
  Backoff backoff(kRelayRetryMin, kRelayRetryMax);
  while (!ending(stop)) {
    progressed_ = false;
    const absl::Status ended = RelayOnce(stop);
    // Others may be able to reach the broker. Whose turn it is not keeps the session to ask again.
    if (!ended.ok() || turn_.held()) turn_.Release();
    if (ending(stop)) break;
    if (ended.ok()) {
      status_.StandingBy();
    } else {
      status_.Failing(ended);
    }
    if (progressed_) backoff.Reset();
    Pause(ended.ok() ? kRelayTurnInterval : backoff.Next(), stop);
  }
}

absl::Status Relay::RelayOnce(const std::stop_token& stop) {
  const absl::StatusOr<bool> taken = turn_.Take();
  if (!taken.ok()) return taken.status();
  const absl::Status loaded = LoadPosition();
  if (!loaded.ok() || !*taken) return loaded;
  const auto stream = RelayStream::Connect(options_);
  if (!stream.ok()) return stream.status();
  absl::Status ended = RelayInto(**stream, stop);
  StorePosition();
  return ended;
}

absl::Status Relay::RelayInto(RelayStream& stream, const std::stop_token& stop) {
  while (true) {
    const std::int64_t before = position_.point.position;
    absl::Status ended = Resume(stream);
    if (ended.ok()) ended = Follow(stream, stop);
    // Another one got in between; what the stream holds now is soon found out.
    if (!absl::IsAborted(ended) || position_.point.position == before) return ended;
  }
}

absl::Status Relay::Resume(RelayStream& stream) {
  const absl::StatusOr<StreamState> state = stream.Look();
  if (!state.ok()) return state.status();
  EventLog& log = feed_.log();
  const bool of_this_log = state->last_event.has_value() && state->last_event->log_id == log.id();
  std::int64_t reached = of_this_log ? state->last_event->position : 0;
  // A stream that has no more than it had when the position was stored has been purged, or has
  // dropped what was consumed. One that has less, or was made again, has lost it: then what the log
  // retains is published again.
  const bool same_stream = position_.point.log_id == log.id() &&
                           position_.stream_created == state->created &&
                           position_.stream_sequence <= state->last_sequence;
  if (same_stream) reached = std::max(reached, position_.point.position);
  const absl::StatusOr<std::int64_t> head = log.RefreshHead();
  if (!head.ok()) return head.status();
  if (reached > *head) {
    return absl::FailedPreconditionError(
        absl::StrCat("the stream holds event ", reached, " of this log, which ends at ", *head,
                     ": after a backup was restored, stop every replica and run one with "
                     "--migrate_only --start_new_log"));
  }
  position_ = {.point = {log.id(), reached},
               .stream_created = state->created,
               .stream_sequence = state->last_sequence};
  status_.Relaying(reached);
  return absl::OkStatus();
}

absl::Status Relay::Follow(RelayStream& stream, const std::stop_token& stop) {
  SteadyTime next_look = SteadyTime::Now() + kRelayTurnInterval;
  while (!ending(stop)) {
    const SteadyTime now = SteadyTime::Now();
    if (now >= next_look) {
      if (!turn_.Held()) return absl::UnavailableError("the database session was lost");
      next_look = now + kRelayTurnInterval;
    }
    if (!stream.connected()) return absl::UnavailableError("the connection was lost");
    if (now >= next_store_) StorePosition();
    if (checkpoints_.has_value() && checkpoints_->due()) {
      const absl::Status published = PublishCheckpoints(stream, stop);
      if (!published.ok()) return published;
    }
    const auto events = feed_.After(position_.point.position);
    absl::Status done = events.status();
    if (absl::IsOutOfRange(done)) {
      done = SkipToOldest();
    } else if (done.ok() && events->empty()) {
      AwaitEvents(stop);
    } else if (done.ok()) {
      done = PublishNext(stream, *events, stop);
    }
    if (!done.ok()) return done;
  }
  return absl::OkStatus();
}

absl::Status Relay::PublishNext(RelayStream& stream, const std::vector<EventPointer>& events,
                                const std::stop_token& stop) {
  std::vector<RelayMessage> messages;
  absl::Status made;
  for (const EventPointer& event : events) {
    if (messages.size() == kRelayEventsInFlightMax) break;
    absl::StatusOr<RelayMessage> message = MakeRelayMessage(*event, position_.point.log_id);
    made = message.status();
    if (!made.ok()) break;
    messages.push_back(*std::move(message));
  }
  const PublishOutcome outcome = stream.Publish(messages, position_.stream_sequence, stop);
  const std::size_t published = outcome.acknowledged - outcome.duplicates;
  if (outcome.acknowledged > 0) {
    position_.point.position = events[outcome.acknowledged - 1]->position;
    position_.stream_sequence += static_cast<std::int64_t>(published);
    progressed_ = true;
  }
  status_.Published(published, outcome.duplicates);
  status_.Reached(position_.point.position);
  if (!outcome.status.ok()) return outcome.status;
  return made;
}

absl::Status Relay::PublishCheckpoints(RelayStream& stream, const std::stop_token& stop) {
  const auto messages = checkpoints_->Next(position_.point);
  if (!messages.ok()) return messages.status();
  // One after the other: a relay that begins does not know which of them the stream has already,
  // and behind one that it has the next would expect a sequence that is not there.
  for (const RelayMessage& message : *messages) {
    const PublishOutcome outcome = stream.Publish({message}, position_.stream_sequence, stop);
    position_.stream_sequence +=
        static_cast<std::int64_t>(outcome.acknowledged - outcome.duplicates);
    if (!outcome.status.ok()) return outcome.status;
  }
  checkpoints_->Published();
  return absl::OkStatus();
}

absl::Status Relay::SkipToOldest() {
  const absl::StatusOr<std::int64_t> oldest = feed_.log().OldestRetained();
  if (!oldest.ok()) return oldest.status();
  std::int64_t& position = position_.point.position;
  // A new stream begins with what is there; only who was following has missed something.
  if (position > 0) status_.Missed(position + 1, *oldest - 1);
  position = *oldest - 1;
  return absl::OkStatus();
}

absl::Status Relay::LoadPosition() {
  auto stored = ReadValue<RelayPosition>(database_, Tenants(), LoadRelayPosition);
  if (!stored.ok()) return stored.status();
  stored_ = *std::move(stored);
  position_ = stored_;
  status_.Reached(position_.point.log_id == feed_.log().id() ? position_.point.position : 0);
  return absl::OkStatus();
}

void Relay::StorePosition() {
  next_store_ = SteadyTime::Now() + kRelayPositionInterval;
  if (position_ == stored_) return;
  const absl::Status written = writes_.SubmitAndWait(
      SteadyTime::Now() + kPositionWriteMax, [position = position_](Connection& connection) {
        StoreRelayPosition(connection, position);
        return absl::OkStatus();
      });
  if (written.ok()) stored_ = position_;
}

void Relay::AwaitEvents(const std::stop_token& stop) {
  const auto alarm = std::make_shared<Alarm>();
  const std::uint64_t waiting = feed_.WakeAfter(
      position_.point.position, SteadyTime::Now() + kRelayTurnInterval, [alarm] { alarm->Ring(); });
  alarm->Wait(stop);
  feed_.Cancel(waiting);
}

std::unique_ptr<Relay> StartRelay(const std::optional<RelayStreamOptions>& options,
                                  const std::string& database_url, Database& database,
                                  GroupCommit& writes, EventFeed& feed, Checkpoints* checkpoints,
                                  Metrics& metrics) {
  if (!options.has_value()) return nullptr;
  return std::make_unique<Relay>(*options, database_url, database, writes, feed, checkpoints,
                                 metrics);
}

}  // namespace marginalia
