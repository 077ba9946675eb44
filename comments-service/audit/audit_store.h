// The audit log as rows to read, in pages. Runs one prepared statement on the connection that it is
// given and throws what SOCI throws.
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

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_AUDIT_AUDIT_STORE_H_
