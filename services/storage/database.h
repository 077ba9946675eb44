// A SQLite file or a PostgreSQL database: one writing connection for GroupCommit, a bounded pool of
// reading ones. The only place that knows which database it is. Thread-safe.
#ifndef MARGINALIA_SERVICES_STORAGE_DATABASE_H_
#define MARGINALIA_SERVICES_STORAGE_DATABASE_H_

#include <cstddef>
#include <exception>
#include <memory>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/process/stopwatch.h"
#include "services/storage/connection/connection.h"
#include "services/storage/connection/notifications.h"
#include "services/storage/migrations.h"
#include "services/storage/tenants.h"

namespace marginalia {

class WalMark;

inline constexpr std::size_t kReadersMax = 8;
inline constexpr std::size_t kReadsQueuedMax = 1024;
// How long a read waits for its turn, for a free connection, or for a lost one to come back, before
// UNAVAILABLE.
inline constexpr absl::Duration kReaderWaitMax = absl::Seconds(2);

class Database {
 public:
  // `url` is sqlite:PATH or postgresql://…. Opens or creates it and applies the migrations. A
  // SQLite file belongs to one process at a time, which holds PATH.lock. Errors: INVALID_ARGUMENT
  // for a bad url, FAILED_PRECONDITION for a database of a newer version or of another program,
  // DATA_LOSS for a corrupt one, UNAVAILABLE for one that cannot be reached or that another process
  // has; the message names the database without its password. sqlite:PATH?vfs=NAME opens through a
  // VFS registered with SQLite under that name.
  static absl::StatusOr<std::unique_ptr<Database>> Open(const std::string& url,
                                                        const Migrations& migrations);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  DatabaseKind kind() const;

  // Runs `read` on a reading connection, in one snapshot (a transaction) that sees the rows of
  // `tenants`. Blocks: microseconds on SQLite; on PostgreSQL until the server has answered, at most
  // kReaderWaitMax and then kAnswerWaitMax for each statement. So it is for threads of the kit's
  // own that nobody waits for; an RPC reads by ReadThen. An exception of SOCI becomes a status
  // through StorageFailure.
  absl::Status Read(const Tenants& tenants, absl::FunctionRef<absl::Status(Connection&)> read);
  // The same for tables that belong to no tenant.
  absl::Status Read(absl::FunctionRef<absl::Status(Connection&)> read);

  // The same for an RPC, whose thread must not wait for a server: runs `read`, then `done` with its
  // status. On SQLite both run before ReadThen returns, on the calling thread; on PostgreSQL on one
  // of kReadersMax - 1 threads, which leave one reader to the kit's own threads, behind a queue of
  // kReadsQueuedMax (beyond it: RESOURCE_EXHAUSTED, reason READ_QUEUE_FULL, with RetryInfo). Past
  // `deadline` in the queue: DEADLINE_EXCEEDED; past kReaderWaitMax there: STORAGE_UNAVAILABLE. The
  // `read` of one that was overdue is not run.
  void ReadThen(SteadyTime deadline, Tenants tenants,
                absl::AnyInvocable<absl::Status(Connection&)> read,
                absl::AnyInvocable<void(const absl::Status&)> done);

  // No read of ReadThen begins any more: those that wait and those that come are answered DRAINING
  // (on PostgreSQL; on SQLite none ever waits). Returns when those that run have ended. A call may
  // be answered before its read is, so a process does this before what its reads refer to is gone.
  void EndReads();

  // Runs `write` in a transaction of its own on the writing connection; commits when it returns OK.
  // Only while the process starts, before GroupCommit takes that connection. For tables that belong
  // to no tenant.
  absl::Status WriteAtStart(absl::FunctionRef<absl::Status(Connection&)> write);

  // What other processes notify this database of on `channel`, from now on; null on SQLite, where
  // there are none.
  std::unique_ptr<Notifications> Listen(std::string channel, Notifications::Notified notified);

 private:
  friend class GroupCommit;
  struct State;
  explicit Database(std::unique_ptr<State> state);

  Connection& writer();
  // Null on PostgreSQL.
  WalMark* wal_mark();
  // Replaces a lost writing connection. Throws what SOCI throws; writer() is then still the lost
  // one.
  void ReconnectWriter();

  std::unique_ptr<State> state_;
};

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_STORAGE_DATABASE_H_
