// What the storage's own files say about errors beside StorageFailure (database.h).
#ifndef MARGINALIA_SERVICES_STORAGE_STORAGE_FAILURE_H_
#define MARGINALIA_SERVICES_STORAGE_STORAGE_FAILURE_H_

#include <exception>
#include <string>

#include "absl/status/status.h"

namespace marginalia {

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
