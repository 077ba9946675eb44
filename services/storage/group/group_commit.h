// Group commit: callers queue writes, one writer thread drains what is there into one transaction,
// and one durable COMMIT answers them all. Owned by main. Submit is thread-safe.
#ifndef MARGINALIA_SERVICES_STORAGE_GROUP_GROUP_COMMIT_H_
#define MARGINALIA_SERVICES_STORAGE_GROUP_GROUP_COMMIT_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "services/process/stopwatch.h"
#include "services/storage/connection/sqlite_settings.h"
#include "services/storage/database.h"
#include "services/storage/group/group_statistics.h"

namespace marginalia {

inline constexpr std::size_t kGroupWritesMax = 256;
// Accepted and not answered yet.
inline constexpr std::size_t kWritesQueuedMax = 4096;
// How long somebody waits for readers to let go of SQLite's write-ahead log.
inline constexpr absl::Duration kEmptyLogWaitMax = absl::Seconds(2);

// Takes part in every group: the event log allots positions, the audit log chains hashes. All calls
// come from the writer thread, in this order, for each attempt at a group.
class GroupParticipant {
 public:
  virtual ~GroupParticipant() = default;
  // First in the transaction: takes the lock for which replicas wait in turn. The group is gathered
  // after it, from all that has queued meanwhile.
  virtual void Lock(Connection&) {}
  // In the transaction, before the first write. It acts for no tenant (TenantScope). What it
  // asks for (Connection::Ask) is answered before the first write as well, together with what the
  // other participants ask for.
  virtual void Begin(Connection& connection) = 0;
  // In the transaction, after the last write; it acts for no tenant either.
  virtual void BeforeCommit(Connection& connection) = 0;
  // The transaction is durable; nobody has been answered yet.
  virtual void Committed() = 0;
  // The transaction did not happen, or nobody knows whether it did: forget what it would have
  // changed and let Begin read afresh.
  virtual void RolledBack() = 0;
};

class GroupCommit {
 public:
  // A write runs inside the group's transaction, on the writer thread. It either returns OK, or
  // returns a refusal having written nothing, or throws (SOCI), in which case it alone is undone:
  // the group is rolled back and its writes run again, each in a transaction of its own. So it may
  // run more than once before it counts, and starts from nothing each time.
  using Write = absl::AnyInvocable<absl::Status(Connection&)>;
  // Names what the write is going to read, so that it can be read for the whole group at once. Runs
  // on the writer thread before the participants' Begin, each time that the write is to run, and
  // touches no database. Only on PostgreSQL, where each statement is a round trip.
  using Expect = absl::AnyInvocable<void()>;
  // Told once how the write ended, after the commit is durable, on the answering thread.
  using Done = absl::AnyInvocable<void(const absl::Status&)>;

  // `failed` is called once, on the answering thread, when a commit's outcome is unknown (an I/O
  // error of SQLite): the callers have been answered UNAVAILABLE, no write is accepted any more,
  // and the process must end so that recovery decides. A connection to PostgreSQL that is lost at
  // COMMIT leaves the outcome unknown as well, but only for its group: that is answered
  // UNAVAILABLE, and the writer connects again. Participants are not owned and are called in order.
  GroupCommit(Database& database, std::vector<GroupParticipant*> participants,
              absl::AnyInvocable<void(std::string_view reason)> failed,
              const WalLimits& wal_limits = {});
  // Refuses new writes, finishes the queued ones, answers them all.
  ~GroupCommit();

  // `tenants` are those whose rows the write touches: a group holds writes of several, and each one
  // sees its own. Never blocks; `done` is always called, possibly before Submit returns. A full
  // queue answers RESOURCE_EXHAUSTED, reason WRITE_QUEUE_FULL, with RetryInfo; a deadline that
  // passes in the queue answers DEADLINE_EXCEEDED and writes nothing.
  void Submit(SteadyTime deadline, Tenants tenants, Write write, Done done);
  void Submit(SteadyTime deadline, Tenants tenants, Expect expect, Write write, Done done);
  // The same for tables that belong to no tenant.
  void Submit(SteadyTime deadline, Write write, Done done);

  // Calls `done` once nothing of what was overwritten before is left in SQLite's write-ahead log:
  // it is copied back and truncated, between groups, as soon as no reader needs it any more.
  // Answers UNAVAILABLE, reason LOG_IN_USE, with RetryInfo, when that takes until `until` or
  // kEmptyLogWaitMax. On PostgreSQL, which has no such log of ours, `done` is called at once.
  void EmptyLogThen(SteadyTime until, Done done);

  // Submits and waits: for the threads of the kit itself (projector, retention), never for a call,
  // and never on the writer's or the answering thread.
  absl::Status SubmitAndWait(SteadyTime deadline, Tenants tenants, Write write);
  absl::Status SubmitAndWait(SteadyTime deadline, Write write);

  // Writes accepted and not answered yet.
  std::size_t queued() const;

  // Pages in SQLite's write-ahead log; nothing on PostgreSQL, and while that is not known yet.
  std::optional<int> wal_pages() const;

  // See group_metrics.h.
  const GroupStatistics& statistics() const;

 private:
  class Writer;
  std::unique_ptr<Writer> writer_;
};

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_STORAGE_GROUP_GROUP_COMMIT_H_
