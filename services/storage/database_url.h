// The database url of a process's configuration.
#ifndef MARGINALIA_SERVICES_STORAGE_DATABASE_URL_H_
#define MARGINALIA_SERVICES_STORAGE_DATABASE_URL_H_

#include <string>

#include "absl/status/statusor.h"
#include "services/storage/connection/connection.h"

namespace marginalia {

struct DatabaseUrl {
  ConnectionTarget target;
  std::string path;  // of the SQLite file, made absolute; else empty
};

// INVALID_ARGUMENT, without repeating a password, when it is neither sqlite:PATH nor
// postgresql://….
absl::StatusOr<DatabaseUrl> ParseDatabaseUrl(const std::string& url);

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_STORAGE_DATABASE_URL_H_
