// The event log: positions 1, 2, 3 … without gaps, in commit order, never seen before they are durable.
// A head row read and updated under its lock in the writing transaction gives that on SQLite and on
// PostgreSQL alike; a sequence would not, because rows become visible out of order.
#ifndef MARGINALIA_SERVICES_EVENTS_EVENT_LOG_H_
#define MARGINALIA_SERVICES_EVENTS_EVENT_LOG_H_

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/events/event.h"
#include "services/storage/group_commit.h"
#include "services/storage/migrations.h"

namespace marginalia {

class EventLog : public GroupParticipant {
 public:
  // The statements that create the log's tables, for a service's first migration.
  static std::vector<std::string> Schema();

  // Reads the log's id and head. `start_new_log` gives the log a new id first: needed once after
  // a backup was restored, so that tokens from the lost future are refused.
  static absl::StatusOr<std::unique_ptr<EventLog>> Open(Database& database, bool start_new_log);

  // `committed` hears of each durable group of events, in order, on the writer thread, before the
  // callers are answered.
  void OnCommitted(absl::AnyInvocable<void(const std::vector<EventPointer>&)> committed);

  // Writer thread, inside a write: allots the next position, lets `encode` make the payload with it,
  // and stores the event. Returns the position.
  std::int64_t Append(Connection& connection, std::string_view org_id, std::string_view subject,
                      absl::Time time, absl::FunctionRef<std::string(std::int64_t position)> encode);

  // 16 hexadecimal digits. Thread-safe.
  const std::string& id() const { return id_; }
  // The newest durable position; 0 while there is none. Thread-safe.
  std::int64_t head() const { return head_.load(std::memory_order_acquire); }

  // Up to `limit` events after `position`, in order, that are durable. Thread-safe. Errors:
  // OUT_OF_RANGE, reason EVENTS_COMPACTED with oldest_position in the metadata.
  absl::StatusOr<std::vector<EventPointer>> ReadAfter(std::int64_t position, int limit) const;

  // The oldest position still retained; head() + 1 when none is. Thread-safe.
  absl::StatusOr<std::int64_t> OldestRetained() const;

  // The position of the newest event written before `time`, or 0. Thread-safe.
  absl::StatusOr<std::int64_t> NewestBefore(absl::Time time) const;

  // Writer thread, inside a write: removes up to `limit` of the oldest events, none after
  // `position`. Returns how many.
  std::int64_t CompactUpTo(Connection& connection, std::int64_t position, int limit);

  // The head as `connection`'s snapshot sees it, for reads that must match their as-of token.
  static std::int64_t HeadIn(Connection& connection);

  void Begin(Connection& connection) override;
  void BeforeCommit(Connection& connection) override;
  void Committed() override;
  void RolledBack() override;

 private:
  explicit EventLog(Database& database) : database_(database) {}
  Database& database_;
  std::string id_;
  std::atomic<std::int64_t> head_ = 0;
  std::int64_t group_first_ = 0;             // head when the group began
  std::int64_t group_head_ = 0;              // head with the group's events
  std::vector<EventPointer> group_events_;
  absl::AnyInvocable<void(const std::vector<EventPointer>&)> committed_;
};

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_EVENTS_EVENT_LOG_H_
