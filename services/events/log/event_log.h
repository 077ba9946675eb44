// The event log: positions 1, 2, 3 … without gaps, in commit order, never seen before they are
// durable. A head row read and updated under its lock in the writing transaction gives that on
// SQLite and on PostgreSQL alike; a sequence would not, because rows become visible out of order.
#ifndef MARGINALIA_SERVICES_EVENTS_LOG_EVENT_LOG_H_
#define MARGINALIA_SERVICES_EVENTS_LOG_EVENT_LOG_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/events/log/event.h"
#include "services/process/stopwatch.h"
#include "services/storage/group/group_commit.h"
#include "services/storage/migrations.h"
#include "services/telemetry/distribution.h"

namespace marginalia {

// Where PostgreSQL's replicas tell each other that events were appended.
inline constexpr char kEventsChannel[] = "marginalia_events";
// A read of the log ends early once it holds this many bytes of payload.
inline constexpr std::size_t kReadBytesMax = 1024 * 1024;
// Between two looks for replicas of a version that cannot read stubs.
inline constexpr absl::Duration kOlderLookPause = absl::Seconds(30);

struct EventLogRow;

class EventLog : public GroupParticipant {
 public:
  // The statements that create the log's tables, for a service's first migration.
  static std::vector<std::string> Schema();
  // Those that a later migration of it runs.
  static std::vector<std::string> SchemaOfNewestTime();
  static std::vector<std::string> SchemaOfStubs();

  // Reads the log's id and head. `start_new_log` gives the log a new id first: needed once after
  // a backup was restored, so that tokens from the lost future are refused. With several replicas,
  // only while none of them runs: a replica that finds the id changed refuses to write.
  // `complete` is of a log that holds stubs; `older_look_pause` is another one in tests.
  static absl::StatusOr<std::unique_ptr<EventLog>> Open(
      Database& database, bool start_new_log, CompleteStubs complete = nullptr,
      absl::Duration older_look_pause = kOlderLookPause);

  // `committed` hears of each durable group of events of this process, in order, on the writer
  // thread, before the callers are answered. Called once, before the first write.
  void OnCommitted(absl::AnyInvocable<void(const std::vector<EventPointer>&)> committed);

  // Writer thread, inside a write: allots the next position and lets `encode` make the payload with
  // it. `time` is for retention: it is stored as no earlier than that of the event before it,
  // whichever process wrote that, so that a clock that was set back makes nothing old. The event
  // is stored with the others of its group, just before the commit. Returns the position.
  // A `stub`, if there is one, is stored instead of subject and payload: what CompleteStubs needs
  // besides the service's own rows to make both again, to the byte. Only while stores_stubs().
  std::int64_t Append(Connection& connection, std::string_view org_id, std::string_view subject,
                      absl::Time time, absl::FunctionRef<std::string(std::int64_t position)> encode,
                      std::string_view stub = "");

  // Writer thread, inside a write: whether every process that works on the log can read stubs. On
  // PostgreSQL not before a replica has looked twice, a while apart, and found no session of a
  // version before: one that loses its connections comes back. From then on for ever, since such a
  // version does not start any more.
  bool stores_stubs() const { return stores_stubs_; }

  // Writer thread, inside a write: lets `rewrite` replace the payload of the event at `position`;
  // does nothing when that is no longer retained, or is a stub, which says nothing of its own.
  // Whoever may have it in memory must be told (EventFeed).
  void Rewrite(Connection& connection, std::int64_t position,
               absl::FunctionRef<std::string(std::string_view payload)> rewrite);

  // Writer thread, inside a write: the position that the next Append allots.
  std::int64_t next_position() const { return group_head_ + 1; }

  // 16 hexadecimal digits. Thread-safe.
  const std::string& id() const { return id_; }
  // The newest durable position that this process knows of; 0 while there is none. Other replicas
  // may have gone past it: see RefreshHead. Thread-safe.
  std::int64_t head() const { return head_.load(std::memory_order_acquire); }
  // True when other processes may append to the log as well (PostgreSQL).
  bool has_other_writers() const { return database_.kind() == DatabaseKind::kPostgres; }
  // Asks the database for the newest durable position, which head() then is, unless nobody else can
  // have moved it. To be called before a position is refused as ahead of the log. Thread-safe.
  absl::StatusOr<std::int64_t> RefreshHead();
  // The same for an RPC, whose thread must not wait for a server (Database::ReadThen).
  void RefreshHeadThen(SteadyTime deadline,
                       absl::AnyInvocable<void(absl::StatusOr<std::int64_t>)> done);

  // Tells, on a thread of its own, the head after each group of events that any process appends;
  // soon, but not for certain, and 0 when some may have been missed. Null when nobody else appends.
  std::unique_ptr<Notifications> Listen(absl::AnyInvocable<void(std::int64_t head)> notified);

  // Up to `limit` events after `position`, in order, that are durable; fewer, but at least one,
  // when they come to kReadBytesMax or the one behind them is missing. Thread-safe. Errors:
  // OUT_OF_RANGE, reason EVENTS_COMPACTED with oldest_position in the metadata; DATA_LOSS, reason
  // EVENTS_MISSING, when the very next one is missing.
  absl::StatusOr<std::vector<EventPointer>> ReadAfter(std::int64_t position, int limit) const;

  // The same for an RPC, whose thread must not wait for a server (Database::ReadThen).
  using ReadDone = absl::AnyInvocable<void(absl::StatusOr<std::vector<EventPointer>>)>;
  void ReadAfterThen(SteadyTime deadline, std::int64_t position, int limit, ReadDone done) const;

  // The oldest position still retained; head() + 1 when none is. Thread-safe.
  absl::StatusOr<std::int64_t> OldestRetained() const;

  // The newest position up to which every retained event was written before `time`; 0 when there is
  // none. Looks at a bounded number of events, so there may be more behind it. Thread-safe.
  absl::StatusOr<std::int64_t> NewestBefore(absl::Time time) const;

  // Writer thread, inside a write: removes up to `limit` of the oldest events, none after
  // `position`. Returns how many.
  std::int64_t CompactUpTo(Connection& connection, std::int64_t position, int limit);

  // How long this process has waited for the head row's lock, by which replicas take turns:
  // seconds.
  const Distribution& lock_seconds() const { return lock_seconds_; }

  // The head as `connection`'s snapshot sees it, for reads that must match their as-of token.
  static std::int64_t HeadIn(Connection& connection);

  void Lock(Connection& connection) override;
  void Begin(Connection& connection) override;
  void BeforeCommit(Connection& connection) override;
  void Committed() override;
  void RolledBack() override;

 private:
  EventLog(Database& database, CompleteStubs complete, absl::Duration older_look_pause)
      : database_(database), complete_(std::move(complete)), older_look_pause_(older_look_pause) {}
  void RaiseHead(std::int64_t position);
  // Whether no replica of a version before is left, for all that can be seen.
  bool NoneIsOlder(Connection& connection);
  absl::StatusOr<std::int64_t> HeardOf(std::int64_t known, const EventLogRow& row);

  Database& database_;
  const CompleteStubs complete_;
  const absl::Duration older_look_pause_;
  std::string id_;
  std::atomic<std::int64_t> head_ = 0;
  Distribution lock_seconds_{kSecondsBounds};
  // The rest belongs to the writer thread.
  std::int64_t group_head_ = 0;  // with the group's events
  std::vector<EventPointer> group_events_;
  std::vector<std::int64_t> group_times_;  // Unix microseconds, one an event
  std::vector<std::string> group_stubs_;   // the same; empty: the event is stored whole
  std::int64_t newest_time_ = 0;           // of the events that are durable
  bool stores_stubs_ = false;
  SteadyTime next_older_look_;
  bool none_was_older_ = false;  // at the last look
  absl::AnyInvocable<void(const std::vector<EventPointer>&)> committed_;
};

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_EVENTS_LOG_EVENT_LOG_H_
