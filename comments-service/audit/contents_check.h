// Compares what comments say with what their audit entries committed to. Made for one tenant's
// verification and used inside its reads, stretch by stretch; holds no more than a few rows.
#ifndef MARGINALIA_COMMENTS_SERVICE_AUDIT_CONTENTS_CHECK_H_
#define MARGINALIA_COMMENTS_SERVICE_AUDIT_CONTENTS_CHECK_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "comments-service/audit/audit_store.h"

namespace marginalia {

// What differs from the record, and where.
struct ContentFinding {
  std::int64_t position = 0;
  std::int64_t number = 0;
  std::string comment_id;
  // Completes the sentence "the comment …": "does not say what its entry committed to".
  std::string what;
};

// The first comment of the stretch that is not what `entries`, which are all of the stretch, say.
// Nothing when each is. Throws what SOCI throws.
std::optional<ContentFinding> FirstWrongContent(Connection& connection, const AuditStretch& stretch,
                                                const std::vector<AuditEntry>& entries);

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_AUDIT_CONTENTS_CHECK_H_
