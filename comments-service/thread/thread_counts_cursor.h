// Where a page of ListThreadCounts begins. Pure functions.
#ifndef MARGINALIA_COMMENTS_SERVICE_THREAD_THREAD_COUNTS_CURSOR_H_
#define MARGINALIA_COMMENTS_SERVICE_THREAD_THREAD_COUNTS_CURSOR_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace marginalia {

struct ThreadCountsCursor {
  // The last thread of the page before; empty before the first.
  std::string org_id;
  std::string invoice_id;
  // The log's head as the first page found it; nothing on the first page.
  std::optional<std::int64_t> as_of;
};

// Bound to the log: after a restore from backup a listing starts anew. Bound also to the scope of
// the listing: a tenant, or "" for all.
std::string MakeThreadCountsToken(const ThreadCountsCursor& cursor, std::string_view log_id,
                                  std::string_view scope);

// Errors: INVALID_ARGUMENT, reason PAGE_TOKEN_INVALID. An empty token is the first page.
absl::StatusOr<ThreadCountsCursor> ParseThreadCountsCursor(std::string_view token,
                                                           std::string_view log_id,
                                                           std::string_view scope);

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_THREAD_THREAD_COUNTS_CURSOR_H_
