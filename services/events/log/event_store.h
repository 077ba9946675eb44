// The SQL of the event log: its one head row, and the events by position. Used by EventLog alone.
#ifndef MARGINALIA_SERVICES_EVENTS_LOG_EVENT_STORE_H_
#define MARGINALIA_SERVICES_EVENTS_LOG_EVENT_STORE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "services/events/log/event.h"
#include "services/storage/connection/connection.h"

namespace marginalia {

struct EventLogRow {
  std::string log_id;
  std::int64_t head = 0;
  // The newest position that is no longer retained.
  std::int64_t compacted = 0;
  // Of the newest event: Unix microseconds.
  std::int64_t newest_time = 0;
  // Whether every process at work on the log can read stubs.
  std::int64_t stubs_are_read = 0;
};

std::vector<std::string> EventLogSchema();
std::vector<std::string> NewestTimeSchema();
std::vector<std::string> StubsSchema();

EventLogRow ReadLogRow(Connection& connection);
// Holds the row's lock until the transaction ends.
EventLogRow LockLogRow(Connection& connection);
void StoreLogId(Connection& connection, const std::string& log_id);
void StoreThatStubsAreRead(Connection& connection);

// Stores the events and the head that they lead to. `times` are Unix microseconds, one an event,
// and so are `stubs`, of which an empty one is none.
void StoreEvents(Connection& connection, const std::vector<EventPointer>& events,
                 const std::vector<std::int64_t>& times, const std::vector<std::string>& stubs);
// Replaces the stored payload of `event`.
void StorePayload(Connection& connection, const Event& event, std::string_view payload);
// Up to `limit` events after `position`; ends early at `bytes_max` of payload. Stubs among them,
// which have no subject, are made whole by `complete`; null: they stay as they are.
std::vector<EventPointer> LoadEvents(Connection& connection, std::int64_t position, int limit,
                                     std::size_t bytes_max, const CompleteStubs& complete);
// The first position after `after`, up to `up_to`, whose event was not written before `time` (Unix
// microseconds); 0 when there is none.
std::int64_t FirstNotBefore(Connection& connection, std::int64_t after, std::int64_t up_to,
                            std::int64_t time);
// Removes the events after `compacted` up to `position`, and notes that in the row.
void RemoveEvents(Connection& connection, std::int64_t compacted, std::int64_t position);

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_EVENTS_LOG_EVENT_STORE_H_
