// What a database's errors mean.
#ifndef MARGINALIA_SERVICES_STORAGE_STORAGE_FAILURE_H_
#define MARGINALIA_SERVICES_STORAGE_STORAGE_FAILURE_H_

#include <exception>
#include <string>

#include "absl/status/status.h"

namespace marginalia {

class Connection;

// What a database error means to a caller: STORAGE_FULL (RESOURCE_EXHAUSTED), DATABASE_LOCKED
// (UNAVAILABLE with RetryInfo), STORAGE_UNAVAILABLE (UNAVAILABLE), else INTERNAL. The database's
// own words go to the log only: they hold SQL and values.
absl::Status StorageFailure(const Connection& connection, const std::exception& error);

// UNAVAILABLE, reason DATABASE_LOCKED, with RetryInfo.
absl::Status DatabaseLocked();

// UNAVAILABLE, reason STORAGE_UNAVAILABLE, with RetryInfo.
absl::Status StorageUnavailable();

// True when `error` says that the connection is gone or useless: only a new one helps (PostgreSQL).
bool IsConnectionLost(const std::exception& error);

// True when PostgreSQL ended the transaction so that others, which waited for it as it for them,
// can go on: one write of a group is to blame, not all of them.
bool IsDeadlock(const std::exception& error);

// True when `error` is SQLite's word for a file that is damaged or no database at all.
bool IsCorrupt(const std::exception& error);

// True when `error` is a refusal after which the transaction is known not to have happened, even
// when COMMIT gave it. After any other error at COMMIT nobody knows.
bool IsKnownNotCommitted(const std::exception& error);

// The database's own words, as far as the log may hold them.
std::string WordsForLog(const std::exception& error);

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_STORAGE_STORAGE_FAILURE_H_
