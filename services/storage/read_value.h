// Reads that find a value, in place of a read and a variable that it leaves one in.
#ifndef MARGINALIA_SERVICES_STORAGE_READ_VALUE_H_
#define MARGINALIA_SERVICES_STORAGE_READ_VALUE_H_

#include <memory>
#include <optional>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/process/stopwatch.h"
#include "services/storage/database.h"

namespace marginalia {

// Database::Read; `read` takes a Connection& and returns a T or an absl::StatusOr<T>.
template <class T, class Read>
absl::StatusOr<T> ReadValue(Database& database, const Tenants& tenants, Read read) {
  std::optional<T> value;
  const absl::Status status = database.Read(tenants, [&](Connection& connection) {
    absl::StatusOr<T> found = read(connection);
    if (found.ok()) value = *std::move(found);
    return found.status();
  });
  if (!status.ok()) return status;
  return *std::move(value);
}

// The same by Database::ReadThen: `done` is told the value, or what went wrong.
template <class T, class Read>
void ReadValueThen(Database& database, SteadyTime deadline, Tenants tenants, Read read,
                   absl::AnyInvocable<void(absl::StatusOr<T>)> done) {
  auto value = std::make_shared<std::optional<T>>();
  database.ReadThen(
      deadline, std::move(tenants),
      [value, read = std::move(read)](Connection& connection) mutable {
        absl::StatusOr<T> found = read(connection);
        if (found.ok()) *value = *std::move(found);
        return found.status();
      },
      [value, done = std::move(done)](const absl::Status& status) mutable {
        if (!status.ok()) return done(status);
        done(*std::move(*value));
      });
}

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_STORAGE_READ_VALUE_H_
