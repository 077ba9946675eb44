// What the logs say, as rows: the entries of the record, its tree, and the events that are
// retained. VerifyAuditLog compares it with what the threads show (thread_rows). Every read is of
// one tenant, goes along a key and is bounded by its caller. Each function runs one prepared
// statement on the connection that it is given and throws what SOCI throws.
#ifndef MARGINALIA_COMMENTS_SERVICE_VERIFICATION_LOG_ROWS_H_
#define MARGINALIA_COMMENTS_SERVICE_VERIFICATION_LOG_ROWS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "comments-service/audit/audit_store.h"
#include "services/storage/connection/connection.h"

namespace marginalia {

std::optional<StoredEntry> FindStoredEntry(Connection& connection, std::string_view org_id,
                                           std::int64_t position);

struct StoredEvent {
  std::int64_t position = 0;
  // Empty: the payload is a stub (thread/wire/event_stub.h).
  std::string subject;
  std::string payload;
};

// Those of the tenant's events at `positions`, which rise, that are there. By position, since the
// log is one for all tenants: what it costs must not depend on what others write.
std::vector<StoredEvent> ReadEventsAt(Connection& connection, std::string_view org_id,
                                      const std::vector<std::int64_t>& positions);

// How far the event log goes, and up to where it is no longer retained.
struct EventLogEnds {
  std::int64_t head = 0;
  std::int64_t compacted = 0;
  // The first event of the tenant behind the head; 0: there is none.
  std::int64_t behind_head = 0;
};
EventLogEnds ReadEventLogEnds(Connection& connection, std::string_view org_id);

// What of the tenant stands at a position before the log's first: "an entry"; empty: nothing.
std::string RowBeforeLog(Connection& connection, std::string_view org_id);

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_VERIFICATION_LOG_ROWS_H_
