// An event log on a database of its own, with a writer.
#ifndef MARGINALIA_TESTS_EVENTS_LOG_UNDER_TEST_H_
#define MARGINALIA_TESTS_EVENTS_LOG_UNDER_TEST_H_

#include <atomic>
#include <cstdint>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "services/events/log/event_log.h"
#include "services/storage/group/group_commit.h"

namespace marginalia {

Migrations LogMigrations();

// One process with the log at `url`.
class LogUnderTest {
 public:
  explicit LogUnderTest(const std::string& url, bool start_new_log = false,
                        CompleteStubs complete = nullptr);

  // A write that appends one event, whose payload is its position and `text`.
  GroupCommit::Write Appending(std::string text, absl::Time time = absl::Now());
  // Appends `count` events in one write and expects it to succeed.
  void Append(int count, absl::Time time = absl::Now());
  absl::Status Write(GroupCommit::Write write);
  // The statements of SQL run on the database as they are, in a write of their own.
  void Execute(const std::string& statement);

  // From here on the writer may fail for good, which is else a failure of the test.
  void ExpectTheWriterToFail() { fails_ = true; }
  // Why it did.
  std::string AwaitFailure() { return failure_.get_future().get(); }

  EventLog& log() { return *log_; }
  // Starts the writer on first use: whoever listens to the log's commits comes before.
  GroupCommit& writes();

 private:
  std::atomic<bool> fails_ = false;
  std::promise<std::string> failure_;
  std::unique_ptr<Database> database_;
  std::unique_ptr<EventLog> log_;
  std::unique_ptr<GroupCommit> writes_;
};

// Positions first, first + 1 … last.
std::vector<std::int64_t> Range(std::int64_t first, std::int64_t last);
std::vector<std::int64_t> Positions(const std::vector<EventPointer>& events);

}  // namespace marginalia

#endif  // MARGINALIA_TESTS_EVENTS_LOG_UNDER_TEST_H_
