// The audit log as rows to read: pages of entries, and what VerifyAuditLog compares them with. Each
// function runs one prepared statement on the connection that it is given and throws what SOCI
// throws.
#ifndef MARGINALIA_COMMENTS_SERVICE_AUDIT_STORE_H_
#define MARGINALIA_COMMENTS_SERVICE_AUDIT_STORE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "comments-service/audit_log.h"

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

// The first entry of the stretch that has no comment of the same id in its place; 0 when each has.
std::int64_t FirstEntryWithoutComment(Connection& connection, const AuditStretch& stretch);

// The first retained event of the stretch that has no entry; 0 when each has.
std::int64_t FirstEventWithoutEntry(Connection& connection, const AuditStretch& stretch);

// The first entry after `position`; 0 when there is none.
std::int64_t FirstEntryAfter(Connection& connection, std::string_view org_id,
                             std::int64_t position);

// A step through the tenant's comments in the order of their threads.
struct CommentStep {
  // Where the step ended; the next one starts behind it.
  std::string invoice_id;
  std::int64_t sequence = 0;
  // How many comments it went over; fewer than asked for at the end.
  int count = 0;
  // The smallest position, at most `last`, of a comment without an entry; 0 when each has one.
  std::int64_t first_without_entry = 0;
};
CommentStep StepThroughComments(Connection& connection, std::string_view org_id,
                                const CommentStep& from, std::int64_t last, int limit);

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_AUDIT_STORE_H_
