// A SQLite file or a PostgreSQL database: one writing connection for GroupCommit, a bounded pool of
// reading ones. The only place that knows which database it is. Thread-safe.
#ifndef MARGINALIA_SERVICES_STORAGE_DATABASE_H_
#define MARGINALIA_SERVICES_STORAGE_DATABASE_H_

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/storage/connection.h"
#include "services/storage/migrations.h"

namespace marginalia {

inline constexpr int kReadersMax = 8;
// How long a reader waits for a free connection before UNAVAILABLE.
inline constexpr absl::Duration kReaderWaitMax = absl::Seconds(2);
// How long a statement waits for a database locked by another process before UNAVAILABLE.
inline constexpr absl::Duration kLockWaitMax = absl::Seconds(2);

class Database {
 public:
  // `url` is sqlite:PATH or postgresql://…. Opens or creates it and applies the migrations. Errors:
  // INVALID_ARGUMENT for a bad url, FAILED_PRECONDITION for a database of a newer version,
  // DATA_LOSS for a corrupt one, UNAVAILABLE for one that cannot be reached or is locked; the
  // message names the database without its password.
  static absl::StatusOr<std::unique_ptr<Database>> Open(const std::string& url,
                                                        const Migrations& migrations);
  ~Database();

  DatabaseKind kind() const { return kind_; }

  // Runs `read` on a reading connection, in one snapshot (a transaction). Blocks for as long as
  // it takes: microseconds on SQLite. An exception of SOCI becomes a status through
  // StorageFailure.
  absl::Status Read(absl::FunctionRef<absl::Status(Connection&)> read);

 private:
  friend class GroupCommit;
  Database() = default;
  Connection* LeaseReader(absl::Time until);
  void ReturnReader(Connection* connection);

  DatabaseKind kind_ = DatabaseKind::kSqlite;
  std::string url_;
  std::unique_ptr<Connection> writer_;
  std::mutex mutex_;
  std::condition_variable reader_returned_;
  std::vector<std::unique_ptr<Connection>> readers_;  // guarded by mutex_
  std::vector<Connection*> readers_idle_;             // guarded by mutex_
};

// What a database error means to a caller: STORAGE_FULL (RESOURCE_EXHAUSTED), DATABASE_LOCKED
// (UNAVAILABLE with RetryInfo), STORAGE_UNAVAILABLE (UNAVAILABLE), else INTERNAL. The database's own
// words go to the log only: they hold SQL and values.
absl::Status StorageFailure(const Connection& connection, const std::exception& error);

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_STORAGE_DATABASE_H_
