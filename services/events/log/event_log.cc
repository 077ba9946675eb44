#include "services/events/log/event_log.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <random>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/errors/errors.h"
#include "services/events/log/event_store.h"
#include "services/process/log.h"
#include "services/storage/connection/final_state.h"
#include "services/storage/connection/older_sessions.h"
#include "services/storage/connection/storage_failure.h"
#include "services/storage/read_value.h"

namespace marginalia {
namespace {

std::string NewLogId() {
  std::random_device random;
  const std::uint64_t bits = static_cast<std::uint64_t>(random()) << 32 | random();
  return absl::StrCat(absl::Hex(bits, absl::kZeroPad16));
}

// Of the oldest events, how many are looked at for their age at a time, and by one statement.
constexpr std::int64_t kLookedAtMax = 200'000;
constexpr std::int64_t kLookedAtPerStatement = 10'000;

constexpr char kReplaced[] =
    "the event log is another one than this process was started on: another process was started "
    "with --start_new_log, or the database was replaced; start every replica again, without "
    "--start_new_log";

// After a failover to a server that lacked the last commits, or over an older backup.
std::string LostItsEnd(std::int64_t known, std::int64_t found) {
  return absl::StrCat("the event log has lost its end: it went to ", known, " and goes to ", found,
                      " now; stop every replica, run one with --migrate_only --start_new_log, and "
                      "start them again");
}

// For readers. The next write finds it as well, and ends the process.
absl::Status NotThisLog(const std::string& why) {
  Log(Severity::kError, why);
  return StorageUnavailable();
}

absl::Status Compacted(std::int64_t oldest) {
  return Refusal(absl::StatusCode::kOutOfRange, "EVENTS_COMPACTED",
                 "Events after that point are no longer retained; read the current state and start "
                 "from there.",
                 {{"oldest_position", std::to_string(oldest)}});
}

constexpr char kNoEvent[] = "the event log is damaged: it has no event at a position";
constexpr char kNothingToTell[] =
    "the event log is damaged: what an event tells of is not in the database any more";

// Where, only this process's log says: a position is a number of all tenants.
absl::Status Missing(std::int64_t position, std::string_view why) {
  Log(Severity::kError, why, {{"position", position}});
  return Refusal(absl::StatusCode::kDataLoss, "EVENTS_MISSING",
                 "An event after that point is missing; read the current state and start from "
                 "there.");
}

absl::StatusOr<std::vector<EventPointer>> ReadPage(Connection& connection,
                                                   const CompleteStubs& complete,
                                                   std::int64_t position, int limit) {
  std::vector<EventPointer> events =
      LoadEvents(connection, position, limit, kReadBytesMax, complete);
  if (events.empty() || events.front()->position != position + 1) {
    const EventLogRow row = ReadLogRow(connection);
    if (position < row.compacted) return Compacted(row.compacted + 1);
    if (position < row.head && limit > 0) return Missing(position + 1, kNoEvent);
  }
  for (std::size_t i = 0; i < events.size(); ++i) {
    const std::int64_t expected = position + 1 + static_cast<std::int64_t>(i);
    const bool is_there = events[i]->position == expected;
    if (is_there && !events[i]->subject.empty()) continue;
    if (i == 0) return Missing(expected, is_there ? kNothingToTell : kNoEvent);
    // What comes before it first.
    events.resize(i);
  }
  return events;
}

// Goes along the log from its oldest event and ends at the first one that is not before `time`, so
// that an event with a wrong time never takes others with it. It looks at no more than
// kLookedAtMax; those behind them have time until the next look.
std::int64_t NewestBeforeIn(Connection& connection, std::int64_t time) {
  const EventLogRow row = ReadLogRow(connection);
  std::int64_t before = row.compacted;
  const std::int64_t last = std::min(row.head, row.compacted + kLookedAtMax);
  while (before < last) {
    const std::int64_t up_to = std::min(last, before + kLookedAtPerStatement);
    const std::int64_t first = FirstNotBefore(connection, before, up_to, time);
    if (first != 0) return first - 1;
    before = up_to;
  }
  return before;
}

}  // namespace

std::vector<std::string> EventLog::Schema() { return EventLogSchema(); }

std::vector<std::string> EventLog::SchemaOfNewestTime() { return NewestTimeSchema(); }

std::vector<std::string> EventLog::SchemaOfStubs() { return StubsSchema(); }

absl::StatusOr<std::unique_ptr<EventLog>> EventLog::Open(Database& database, bool start_new_log,
                                                         CompleteStubs complete,
                                                         absl::Duration older_look_pause) {
  std::unique_ptr<EventLog> log(new EventLog(database, std::move(complete), older_look_pause));
  const absl::Status opened = database.WriteAtStart([&](Connection& connection) {
    EventLogRow row = LockLogRow(connection);
    const bool is_new = start_new_log || row.log_id.empty();
    // Nobody else can be at work on it.
    if (is_new || !log->has_other_writers()) StoreThatStubsAreRead(connection);
    if (is_new) {
      row.log_id = NewLogId();
      StoreLogId(connection, row.log_id);
    }
    log->id_ = row.log_id;
    log->head_ = row.head;
    log->newest_time_ = row.newest_time;
    return absl::OkStatus();
  });
  if (!opened.ok()) return opened;
  return log;
}

void EventLog::OnCommitted(absl::AnyInvocable<void(const std::vector<EventPointer>&)> committed) {
  committed_ = std::move(committed);
}

std::int64_t EventLog::Append(Connection&, std::string_view org_id, std::string_view subject,
                              absl::Time time, absl::FunctionRef<std::string(std::int64_t)> encode,
                              std::string_view stub) {
  auto event = std::make_shared<Event>();
  event->position = ++group_head_;
  event->org_id = org_id;
  event->subject = subject;
  event->payload = encode(group_head_);
  group_events_.push_back(std::move(event));
  const std::int64_t before = group_times_.empty() ? newest_time_ : group_times_.back();
  group_times_.push_back(std::max(before, absl::ToUnixMicros(time)));
  group_stubs_.emplace_back(stub);
  return group_head_;
}

void EventLog::Rewrite(Connection& connection, std::int64_t position,
                       absl::FunctionRef<std::string(std::string_view)> rewrite) {
  // The group's own events are stored just before its commit.
  for (EventPointer& event : group_events_) {
    if (event->position != position) continue;
    auto rewritten = std::make_shared<Event>(*event);
    rewritten->payload = rewrite(event->payload);
    event = std::move(rewritten);
    return;
  }
  const std::vector<EventPointer> stored =
      LoadEvents(connection, position - 1, 1, kReadBytesMax, nullptr);
  if (stored.empty() || stored.front()->position != position) return;
  if (stored.front()->subject.empty()) return;
  StorePayload(connection, *stored.front(), rewrite(stored.front()->payload));
}

absl::StatusOr<std::int64_t> EventLog::RefreshHead() {
  if (!has_other_writers()) return head();
  const std::int64_t known = head();
  const auto row = ReadValue<EventLogRow>(database_, Tenants(), ReadLogRow);
  if (!row.ok()) return row.status();
  return HeardOf(known, *row);
}

void EventLog::RefreshHeadThen(SteadyTime deadline,
                               absl::AnyInvocable<void(absl::StatusOr<std::int64_t>)> done) {
  if (!has_other_writers()) return done(head());
  ReadValueThen<EventLogRow>(
      database_, deadline, Tenants(), ReadLogRow,
      [this, known = head(), done = std::move(done)](absl::StatusOr<EventLogRow> row) mutable {
        done(row.ok() ? HeardOf(known, *row) : row.status());
      });
}

// `known` was the head before `row` was read.
absl::StatusOr<std::int64_t> EventLog::HeardOf(std::int64_t known, const EventLogRow& row) {
  if (row.log_id != id_) return NotThisLog(kReplaced);
  if (row.head < known) return NotThisLog(LostItsEnd(known, row.head));
  RaiseHead(row.head);
  return head();
}

std::unique_ptr<Notifications> EventLog::Listen(
    absl::AnyInvocable<void(std::int64_t head)> notified) {
  return database_.Listen(kEventsChannel,
                          [notified = std::move(notified)](std::string_view payload) mutable {
                            std::int64_t head = 0;
                            std::from_chars(payload.data(), payload.data() + payload.size(), head);
                            notified(head);
                          });
}

absl::StatusOr<std::vector<EventPointer>> EventLog::ReadAfter(std::int64_t position,
                                                              int limit) const {
  // The log is one for all tenants; who may hear of which event is for its readers to tell.
  return ReadValue<std::vector<EventPointer>>(
      database_, Tenants::All(),
      [&](Connection& connection) { return ReadPage(connection, complete_, position, limit); });
}

void EventLog::ReadAfterThen(SteadyTime deadline, std::int64_t position, int limit,
                             ReadDone done) const {
  ReadValueThen(
      database_, deadline, Tenants::All(),
      [this, position, limit](Connection& connection) {
        return ReadPage(connection, complete_, position, limit);
      },
      std::move(done));
}

absl::StatusOr<std::int64_t> EventLog::OldestRetained() const {
  return ReadValue<std::int64_t>(database_, Tenants(), [](Connection& connection) {
    return ReadLogRow(connection).compacted + 1;
  });
}

absl::StatusOr<std::int64_t> EventLog::NewestBefore(absl::Time time) const {
  return ReadValue<std::int64_t>(database_, Tenants::All(), [time](Connection& connection) {
    return NewestBeforeIn(connection, absl::ToUnixMicros(time));
  });
}

std::int64_t EventLog::CompactUpTo(Connection& connection, std::int64_t position, int limit) {
  const EventLogRow row = ReadLogRow(connection);
  const std::int64_t last = std::min({position, row.head, row.compacted + limit});
  if (last <= row.compacted) return 0;
  const TenantScope all(connection, Tenants::All());
  RemoveEvents(connection, row.compacted, last);
  return last - row.compacted;
}

std::int64_t EventLog::HeadIn(Connection& connection) { return ReadLogRow(connection).head; }

void EventLog::Lock(Connection& connection) {
  const bool none_is_older = !stores_stubs_ && NoneIsOlder(connection);
  const auto start = std::chrono::steady_clock::now();
  const EventLogRow row = LockLogRow(connection);
  lock_seconds_.Observe(
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  if (row.log_id != id_) throw FinalState(kReplaced);
  // Positions that were given out would be given out again.
  if (row.head < head()) throw FinalState(LostItsEnd(head(), row.head));
  group_head_ = row.head;
  // A replica of the version before leaves the row's as it was.
  newest_time_ = std::max(newest_time_, row.newest_time);
  stores_stubs_ = row.stubs_are_read != 0 || none_is_older;
  if (row.stubs_are_read == 0 && none_is_older) StoreThatStubsAreRead(connection);
}

bool EventLog::NoneIsOlder(Connection& connection) {
  if (!next_older_look_.passed()) return false;
  next_older_look_ = SteadyTime::Now() + older_look_pause_;
  const bool none = !HasOlderSessions(connection);
  return std::exchange(none_was_older_, none) && none;
}

void EventLog::Begin(Connection&) {
  group_events_.clear();
  group_times_.clear();
  group_stubs_.clear();
}

void EventLog::BeforeCommit(Connection& connection) {
  if (group_events_.empty()) return;
  // All the tenants of the group at once.
  const TenantScope all(connection, Tenants::All());
  StoreEvents(connection, group_events_, group_times_, group_stubs_);
}

void EventLog::Committed() {
  RaiseHead(group_head_);
  if (!group_times_.empty()) newest_time_ = group_times_.back();
  if (!group_events_.empty() && committed_) committed_(group_events_);
  group_events_.clear();
}

void EventLog::RolledBack() { group_events_.clear(); }

// The writer thread and RefreshHead may meet here: the newer one wins.
void EventLog::RaiseHead(std::int64_t position) {
  std::int64_t known = head_.load(std::memory_order_relaxed);
  while (known < position &&
         !head_.compare_exchange_weak(known, position, std::memory_order_release)) {
  }
}

}  // namespace marginalia
