// The audit log as rows to read: pages of entries, and what VerifyAuditLog compares them with. Each
// function runs one prepared statement on the connection that it is given and throws what SOCI
// throws.
#ifndef MARGINALIA_COMMENTS_SERVICE_AUDIT_AUDIT_STORE_H_
#define MARGINALIA_COMMENTS_SERVICE_AUDIT_AUDIT_STORE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "comments-service/audit/audit_log.h"

namespace marginalia {

// Up to `limit` entries of the tenant from after `position`, oldest first.
std::vector<AuditEntry> ReadAuditEntries(Connection& connection, std::string_view org_id,
                                         std::int64_t position, int limit);

// A stretch of the tenant's log: positions after `after`, up to and including `last`.
struct AuditStretch {
  std::string_view org_id;
  std::int64_t after = 0;
  std::int64_t last = 0;
};

// The first entry of the stretch whose comment is not there, or is not in its thread; 0 when each
// is.
std::int64_t FirstEntryWithoutComment(Connection& connection, const AuditStretch& stretch);

// The first comment of the stretch that has no entry; 0 when each has.
std::int64_t FirstCommentWithoutEntry(Connection& connection, const AuditStretch& stretch);

// The first entry of the stretch whose event should be retained and is not there, or is another
// tenant's; 0 when there is none. Asked from the entries and not from the events, whose log is one
// for all tenants: what it costs must not depend on what others write.
std::int64_t FirstEntryWithoutEvent(Connection& connection, const AuditStretch& stretch);

// The first entry or comment after `position`; 0 when there is none.
std::int64_t FirstAfter(Connection& connection, std::string_view org_id, std::int64_t position);

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_AUDIT_AUDIT_STORE_H_
