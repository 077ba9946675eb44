#include "services/storage/group/group_commit.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <future>
#include <iterator>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <utility>

#include "absl/functional/function_ref.h"
#include "services/errors/errors.h"
#include "services/process/log.h"
#include "services/process/stopwatch.h"
#include "services/storage/connection/final_state.h"
#include "services/storage/connection/sqlite_settings.h"
#include "services/storage/connection/storage_failure.h"
#include "services/storage/connection/wal_checkpoints.h"
#include "services/storage/connection/write_transaction.h"
#include "services/storage/group/answering_thread.h"
#include "services/storage/group/empty_log_waits.h"
#include "services/storage/group/group_attempt.h"

namespace marginalia {
namespace {

constexpr absl::Duration kQueueFullRetryAfter = absl::Milliseconds(100);
constexpr absl::Duration kStoppingRetryAfter = absl::Seconds(1);
// How long writes wait for a lost connection to come back before they are answered UNAVAILABLE.
constexpr absl::Duration kReconnectWaitMax = absl::Seconds(2);
constexpr absl::Duration kReconnectPause = absl::Milliseconds(50);
// A write that is alone in its group and meets a deadlock is tried so often again.
constexpr int kDeadlockRetriesMax = 3;
// Between two tries to empty the log with nothing to write.
constexpr absl::Duration kEmptyLogPause = absl::Milliseconds(10);

absl::Status Expired() {
  return Refusal(absl::StatusCode::kDeadlineExceeded, "DEADLINE_EXCEEDED",
                 "The deadline passed while the write was waiting: nothing was written.");
}

absl::Status Full() {
  return Refusal(absl::StatusCode::kResourceExhausted, "WRITE_QUEUE_FULL",
                 "Too many writes are waiting; retry.", {}, kQueueFullRetryAfter);
}

absl::Status Stopping() {
  return Refusal(absl::StatusCode::kUnavailable, "DRAINING", "The server is shutting down; retry.",
                 {}, kStoppingRetryAfter);
}

using Ending = GroupAttempt::Ending;

}  // namespace

class GroupCommit::Writer {
 public:
  Writer(Database& database, std::vector<GroupParticipant*> participants,
         absl::AnyInvocable<void(std::string_view)> failed, const WalLimits& wal_limits)
      : database_(database),
        participants_(std::move(participants)),
        failed_(std::move(failed)),
        checkpoints_(database.writer(), database.wal_mark(), wal_limits),
        thread_([this] { Work(); }) {}

  ~Writer() {
    {
      const std::lock_guard lock(mutex_);
      refusal_ = Stopping();
    }
    changed_.notify_one();
    thread_.join();
  }

  void Submit(SteadyTime deadline, Tenants tenants, Expect expect, Write write, Done done) {
    const absl::Status refusal = Accept([&] {
      queue_.push_back(
          {deadline, std::move(tenants), std::move(expect), std::move(write), std::move(done)});
    });
    if (!refusal.ok()) done(refusal);
  }

  void EmptyLogThen(SteadyTime until, Done done) {
    if (database_.kind() != DatabaseKind::kSqlite) return done(absl::OkStatus());
    until = std::min(until, SteadyTime::Now() + kEmptyLogWaitMax);
    const absl::Status refusal = Accept([&] { log_waits_.Add(until, std::move(done)); });
    if (!refusal.ok()) done(refusal);
  }

  std::size_t queued() const {
    const std::lock_guard lock(mutex_);
    return Unanswered();
  }

  std::optional<int> wal_pages() const { return checkpoints_.pages(); }

  const GroupStatistics& statistics() const { return statistics_; }

 private:
  struct Pending {
    SteadyTime deadline;
    Tenants tenants;
    Expect expect;  // may be null
    Write write;
    Done done;

    absl::Status Run(Connection& connection) {
      if (SteadyTime::Now() > deadline) return Expired();
      const TenantScope scope(connection, tenants);
      return write(connection);
    }
  };
  using Group = std::vector<Pending>;

  std::size_t Unanswered() const { return accepted_ - answering_.given(); }

  // Lets `keep` queue something that is to be answered, unless there is no room or no use.
  absl::Status Accept(absl::FunctionRef<void()> keep);
  void Work();
  Group Take();
  // Tries once to empty the log for those who wait for that, if anybody does.
  void EmptyLog();
  Group TakeAll();
  // With mutex_ held: from the queue into `group`, as many as fit.
  void Gather(Group& group);
  void Commit(Group& group);
  void Commit(std::span<Pending> group, Group* gathered);
  GroupAttempt Try(std::span<Pending>& group, std::vector<absl::Status>& statuses, Group* gathered);
  bool Reconnect();
  void AnswerAll(std::span<Pending> group, const absl::Status& status);
  // The server cannot be reached: what has queued meanwhile would only wait for as long again.
  void AnswerQueued();
  void AnswerEach(std::span<Pending> group, std::vector<absl::Status> statuses);
  void Fail(std::string_view reason);

  Database& database_;
  const std::vector<GroupParticipant*> participants_;
  absl::AnyInvocable<void(std::string_view)> failed_;
  WalCheckpoints checkpoints_;
  bool connection_lost_ = false;  // writer thread only
  bool is_over_ = false;          // writer thread only; it has failed for good
  GroupStatistics statistics_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Pending> queue_;  // guarded by mutex_
  std::size_t accepted_ = 0;   // guarded by mutex_
  absl::Status refusal_;       // guarded by mutex_; not OK: no write is accepted any more

  EmptyLogWaits log_waits_;
  AnsweringThread answering_;
  std::thread thread_;  // last: it uses all the others
};

absl::Status GroupCommit::Writer::Accept(absl::FunctionRef<void()> keep) {
  {
    const std::lock_guard lock(mutex_);
    const bool full = Unanswered() >= kWritesQueuedMax;
    if (refusal_.ok() && full) statistics_.refused.fetch_add(1, std::memory_order_relaxed);
    if (!refusal_.ok() || full) return refusal_.ok() ? Full() : refusal_;
    ++accepted_;
    keep();
  }
  changed_.notify_one();
  return absl::OkStatus();
}

void GroupCommit::Writer::Work() {
  for (Group group = Take(); !group.empty(); group = Take()) {
    const absl::Status ready = checkpoints_.BeforeGroup();
    if (ready.ok()) {
      Commit(group);
    } else {
      AnswerAll(group, ready);
    }
    group.clear();
    // What is in doubt is for the next process to recover, from the whole log.
    if (is_over_) break;
    EmptyLog();
    const absl::Status tidied = checkpoints_.AfterGroup();
    if (!tidied.ok()) Fail("an I/O error while checkpointing");
    statistics_.wal_restarts = checkpoints_.restarts();
  }
  // There will be no more tries.
  const std::lock_guard lock(mutex_);
  log_waits_.AnswerAll(refusal_, answering_);
}

// With mutex_ held.
GroupCommit::Writer::Group GroupCommit::Writer::TakeAll() {
  Group all(std::make_move_iterator(queue_.begin()), std::make_move_iterator(queue_.end()));
  queue_.clear();
  return all;
}

// Waits for writes. Empty: there will be no more.
GroupCommit::Writer::Group GroupCommit::Writer::Take() {
  std::unique_lock lock(mutex_);
  while (queue_.empty() && refusal_.ok()) {
    if (!log_waits_.empty()) {
      lock.unlock();
      EmptyLog();
      lock.lock();
      const bool again = !log_waits_.empty() && queue_.empty() && refusal_.ok();
      if (again) changed_.wait_for(lock, absl::ToChronoMilliseconds(kEmptyLogPause));
    } else if (!checkpoints_.due_when_idle()) {
      changed_.wait(lock);
    } else if (changed_.wait_for(lock, absl::ToChronoMilliseconds(kIdleBeforeCheckpoint)) ==
               std::cv_status::timeout) {
      lock.unlock();
      const absl::Status tidied = checkpoints_.WhenIdle();
      if (!tidied.ok()) Fail("an I/O error while checkpointing");
      lock.lock();
    }
  }
  Group group;
  Gather(group);
  return group;
}

void GroupCommit::Writer::EmptyLog() {
  if (!log_waits_.Try(checkpoints_, answering_).ok()) Fail("an I/O error while checkpointing");
}

void GroupCommit::Writer::Gather(Group& group) {
  const std::size_t count = std::min(queue_.size(), kGroupWritesMax - group.size());
  const auto end = queue_.begin() + static_cast<std::ptrdiff_t>(count);
  group.insert(group.end(), std::make_move_iterator(queue_.begin()), std::make_move_iterator(end));
  queue_.erase(queue_.begin(), end);
}

void GroupCommit::Writer::Commit(Group& group) { Commit(group, &group); }

// `gathered` holds `group` and takes in what has queued by the time that the lock is had; null: the
// group stays as it is.
void GroupCommit::Writer::Commit(std::span<Pending> group, Group* gathered) {
  if (connection_lost_ && !Reconnect()) {
    AnswerAll(group, StorageUnavailable());
    return AnswerQueued();
  }
  std::vector<absl::Status> statuses(group.size());
  GroupAttempt attempt = Try(group, statuses, gathered);
  if (attempt.ending == Ending::kLost && Reconnect()) attempt = Try(group, statuses, gathered);
  // Who is the victim once may be it again while the other one goes on.
  for (int again = 0; attempt.deadlock && group.size() == 1 && again < kDeadlockRetriesMax;
       ++again) {
    attempt = Try(group, statuses, nullptr);
  }
  switch (attempt.ending) {
    case Ending::kCommitted:
      return AnswerEach(group, std::move(statuses));
    case Ending::kFailed:
      ++statistics_.failed;
      return AnswerAll(group, attempt.failure);
    case Ending::kThrew:
      if (group.size() == 1) return AnswerAll(group, attempt.failure);
      for (std::size_t i = 0; i < group.size(); ++i) Commit(group.subspan(i, 1), nullptr);
      return;
    case Ending::kFinal:
      ++statistics_.failed;
      AnswerAll(group, attempt.failure);
      return Fail(attempt.final_state);
    case Ending::kLost:
      ++statistics_.lost;
      connection_lost_ = true;
      AnswerAll(group, attempt.failure);
      return AnswerQueued();
    case Ending::kUnknown:
      ++statistics_.unknown;
      connection_lost_ = true;
      AnswerAll(group, attempt.failure);
      if (database_.kind() == DatabaseKind::kSqlite) Fail("a commit of unknown outcome");
      return;
  }
}

GroupAttempt GroupCommit::Writer::Try(std::span<Pending>& group,
                                      std::vector<absl::Status>& statuses, Group* gathered) {
  Connection& connection = database_.writer();
  bool committing = false;
  try {
    WriteTransaction transaction(connection);
    for (GroupParticipant* participant : participants_) participant->Lock(connection);
    if (gathered != nullptr) {
      const std::lock_guard lock(mutex_);
      Gather(*gathered);
      group = *gathered;
    }
    statuses.resize(group.size());
    if (database_.kind() == DatabaseKind::kPostgres) {
      for (Pending& pending : group) {
        if (pending.expect != nullptr) pending.expect();
      }
    }
    for (GroupParticipant* participant : participants_) participant->Begin(connection);
    connection.AwaitAnswers();
    for (std::size_t i = 0; i < group.size(); ++i) {
      statuses[i] = group[i].Run(connection);
    }
    for (GroupParticipant* participant : participants_) participant->BeforeCommit(connection);
    transaction.Prepare();
    CheckFileInPlace(connection);
    committing = true;
    const auto start = std::chrono::steady_clock::now();
    transaction.Commit();
    statistics_.commit_seconds.Observe(
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    statistics_.writes.Observe(static_cast<double>(group.size()));
  } catch (const std::exception& error) {
    GroupAttempt attempt = FailedAttempt(connection, error, committing);
    for (GroupParticipant* participant : participants_) participant->RolledBack();
    return attempt;
  }
  for (GroupParticipant* participant : participants_) participant->Committed();
  return {};
}

bool GroupCommit::Writer::Reconnect() {
  connection_lost_ = true;
  if (database_.kind() == DatabaseKind::kSqlite) return false;
  for (const SteadyTime until = SteadyTime::Now() + kReconnectWaitMax; SteadyTime::Now() < until;) {
    try {
      database_.ReconnectWriter();
      connection_lost_ = false;
      return true;
    } catch (const std::exception& error) {
      Log(Severity::kWarning, "cannot connect to the database", {{"error", WordsForLog(error)}});
    }
    std::this_thread::sleep_for(absl::ToChronoMilliseconds(kReconnectPause));
  }
  return false;
}

void GroupCommit::Writer::AnswerAll(std::span<Pending> group, const absl::Status& status) {
  AnswerEach(group, std::vector<absl::Status>(group.size(), status));
}

void GroupCommit::Writer::AnswerQueued() {
  Group left;
  {
    const std::lock_guard lock(mutex_);
    left = TakeAll();
  }
  AnswerAll(left, StorageUnavailable());
}

void GroupCommit::Writer::AnswerEach(std::span<Pending> group, std::vector<absl::Status> statuses) {
  std::vector<Completion> answers;
  answers.reserve(group.size());
  for (std::size_t i = 0; i < group.size(); ++i) {
    // What a write holds must not outlive the answer to its caller.
    group[i].write = nullptr;
    group[i].expect = nullptr;
    answers.push_back({std::move(group[i].done), std::move(statuses[i])});
  }
  answering_.Give(std::move(answers));
}

void GroupCommit::Writer::Fail(std::string_view reason) {
  is_over_ = true;
  checkpoints_.LeaveToRecovery();
  Group left;
  {
    const std::lock_guard lock(mutex_);
    refusal_ = StorageUnavailable();
    left = TakeAll();
    ++accepted_;
  }
  AnswerAll(left, StorageUnavailable());
  // Behind all the other answers.
  std::vector<Completion> last;
  last.push_back({[this, why = std::string(reason)](const absl::Status&) {
                    if (failed_) std::exchange(failed_, nullptr)(why);
                  },
                  absl::OkStatus()});
  answering_.Give(std::move(last));
}

GroupCommit::GroupCommit(Database& database, std::vector<GroupParticipant*> participants,
                         absl::AnyInvocable<void(std::string_view reason)> failed,
                         const WalLimits& wal_limits)
    : writer_(std::make_unique<Writer>(database, std::move(participants), std::move(failed),
                                       wal_limits)) {}

GroupCommit::~GroupCommit() = default;

const GroupStatistics& GroupCommit::statistics() const { return writer_->statistics(); }

void GroupCommit::Submit(SteadyTime deadline, Tenants tenants, Write write, Done done) {
  Submit(deadline, std::move(tenants), nullptr, std::move(write), std::move(done));
}

void GroupCommit::Submit(SteadyTime deadline, Tenants tenants, Expect expect, Write write,
                         Done done) {
  writer_->Submit(deadline, std::move(tenants), std::move(expect), std::move(write),
                  std::move(done));
}

void GroupCommit::EmptyLogThen(SteadyTime until, Done done) {
  writer_->EmptyLogThen(until, std::move(done));
}

void GroupCommit::Submit(SteadyTime deadline, Write write, Done done) {
  Submit(deadline, Tenants(), std::move(write), std::move(done));
}

absl::Status GroupCommit::SubmitAndWait(SteadyTime deadline, Write write) {
  return SubmitAndWait(deadline, Tenants(), std::move(write));
}

absl::Status GroupCommit::SubmitAndWait(SteadyTime deadline, Tenants tenants, Write write) {
  // Shared: set_value is still at work when the waiting thread goes on.
  const auto ended = std::make_shared<std::promise<absl::Status>>();
  Submit(deadline, std::move(tenants), std::move(write),
         [ended](const absl::Status& status) { ended->set_value(status); });
  return ended->get_future().get();
}

std::size_t GroupCommit::queued() const { return writer_->queued(); }

std::optional<int> GroupCommit::wal_pages() const { return writer_->wal_pages(); }

}  // namespace marginalia
