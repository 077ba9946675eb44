// The consistency token: a position in one event log, as one tenant (or a machine that sees all
// tenants) may know it. The same token resumes WatchEvents. Pure functions, thread-safe.
#ifndef MARGINALIA_SERVICES_TOKENS_CONSISTENCY_TOKEN_H_
#define MARGINALIA_SERVICES_TOKENS_CONSISTENCY_TOKEN_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "services/identity/caller.h"

namespace marginalia {

// A point of a log: all up to and including `position`; 0 is before the first event.
struct LogPoint {
  // The log's identity: 16 hexadecimal digits, made when the log was, and anew after a restore.
  std::string log_id;
  std::int64_t position = 0;

  friend bool operator==(const LogPoint&, const LogPoint&) = default;
};

// The scope that a token is bound to: the caller's tenant, or "" of a service that acts for all.
// Another tenant's token is refused exactly like one that is made up.
std::string_view TokenScope(const Caller& caller);

std::string MakeConsistencyToken(const LogPoint& point, std::string_view scope);

// Errors: INVALID_ARGUMENT about `field` with `reason`, when the token is malformed, altered or of
// another scope. The log id is read from the token: compare it with the log at hand.
absl::StatusOr<LogPoint> ParseConsistencyToken(std::string_view token, std::string_view scope,
                                               std::string_view field, std::string_view reason);

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_TOKENS_CONSISTENCY_TOKEN_H_
