// What happens when the connections to PostgreSQL go, at rest, in a transaction, at COMMIT, or with
// the server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <thread>

#include "services/errors/errors.h"
#include "services/process/stopwatch.h"
#include "services/storage/group/group_commit.h"
#include "tests/storage/number_table.h"
#include "tests/support/postgres_server.h"

namespace marginalia {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr SteadyTime kNoDeadline = SteadyTime::Never();

// Cuts all connections when it is told to, just before COMMIT.
class Cutter : public GroupParticipant {
 public:
  explicit Cutter(std::string url) : url_(std::move(url)) {}
  void Begin(Connection&) override {}
  void BeforeCommit(Connection&) override {
    if (armed.exchange(false)) CutPostgresConnections(url_);
  }
  void Committed() override { ++committed; }
  void RolledBack() override { ++rolled_back; }

  std::atomic<bool> armed = false;
  int committed = 0;
  int rolled_back = 0;

 private:
  const std::string url_;
};

class PostgresFaultsTest : public testing::Test {
 protected:
  absl::Status Write(GroupCommit::Write write) {
    return writes_.SubmitAndWait(kNoDeadline, std::move(write));
  }

  const std::string url_ = NewPostgresDatabase();
  std::unique_ptr<Database> database_ = OpenNumbers(url_);
  Cutter cutter_{url_};
  GroupCommit writes_{*database_, {&cutter_}, [](std::string_view reason) {
                        ADD_FAILURE() << "the process would end: " << reason;
                      }};
};

TEST_F(PostgresFaultsTest, ConnectionsLostAtRestAreReplacedUnnoticed) {
  ASSERT_EQ(Write(Insert(1)), absl::OkStatus());
  ASSERT_THAT(Numbers(*database_), ElementsAre(1));
  CutPostgresConnections(url_);
  EXPECT_THAT(Numbers(*database_), ElementsAre(1));
  EXPECT_EQ(Write(Insert(2)), absl::OkStatus());
  EXPECT_THAT(Numbers(*database_), ElementsAre(1, 2));
}

TEST_F(PostgresFaultsTest, AReadCutOffHalfWayIsUnavailableAndTheNextOneWorks) {
  const absl::Status cut = database_->Read([this](Connection& connection) {
    CutPostgresConnections(url_);
    std::int64_t count = 0;
    connection.sql() << "SELECT count(*) FROM numbers", soci::into(count);
    return absl::OkStatus();
  });
  EXPECT_EQ(cut.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ReasonOf(cut), "STORAGE_UNAVAILABLE");
  EXPECT_THAT(Numbers(*database_), IsEmpty());
}

TEST_F(PostgresFaultsTest, AWriteCutOffBeforeCommitIsRunAgain) {
  int runs = 0;
  EXPECT_EQ(Write([this, &runs](Connection& connection) {
              if (++runs == 1) CutPostgresConnections(url_);
              return Insert(1)(connection);
            }),
            absl::OkStatus());
  EXPECT_EQ(runs, 2);
  EXPECT_THAT(Numbers(*database_), ElementsAre(1));
}

TEST_F(PostgresFaultsTest, AConnectionLostAtCommitIsUnavailableAndWritingGoesOn) {
  cutter_.armed = true;
  const absl::Status unknown = Write(Insert(1));
  EXPECT_EQ(unknown.code(), absl::StatusCode::kUnavailable);
  EXPECT_GT(RetryAfterOf(unknown), absl::ZeroDuration());
  EXPECT_EQ(cutter_.rolled_back, 1);
  EXPECT_EQ(cutter_.committed, 0);
  EXPECT_EQ(Write(Insert(2)), absl::OkStatus());
  EXPECT_THAT(Numbers(*database_), testing::Contains(2));
}

TEST_F(PostgresFaultsTest, ATableLockedForTooLongIsUnavailable) {
  const auto other = OpenNumbers(url_);
  const absl::Status locked = other->WriteAtStart([this](Connection& connection) {
    connection.sql() << "LOCK TABLE numbers IN ACCESS EXCLUSIVE MODE";
    return Write(Insert(1));
  });
  EXPECT_EQ(locked.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ReasonOf(locked), "DATABASE_LOCKED");
  EXPECT_EQ(Write(Insert(1)), absl::OkStatus());
}

// A write whose outcome the caller did not learn is submitted again: the number may be there
// already.
GroupCommit::Write InsertIfMissing(std::int64_t number) {
  return [number](Connection& connection) {
    connection.sql() << "INSERT INTO numbers (number) VALUES (:number) ON CONFLICT DO NOTHING",
        soci::use(number);
    return absl::OkStatus();
  };
}

TEST_F(PostgresFaultsTest, ARestartOfTheServerUnderLoadFailsNothingForLong) {
  constexpr int kThreads = 4;
  std::atomic<bool> enough = false;
  std::atomic<std::int64_t> next = 0;
  std::atomic<std::int64_t> written = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      while (!enough) {
        const std::int64_t number = ++next;
        for (absl::Status status; !(status = Write(InsertIfMissing(number))).ok();) {
          EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
        }
        ++written;
        const auto read = ReadNumbers(*database_);
        EXPECT_TRUE(read.ok() || absl::IsUnavailable(read.status())) << read.status();
      }
    });
  }
  const auto await_more = [&written] {
    for (const std::int64_t before = written; written < before + 100;) std::this_thread::yield();
  };
  await_more();
  StopPostgres();
  StartPostgres();
  await_more();
  enough = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(Numbers(*database_).size(), static_cast<std::size_t>(next));
}

}  // namespace
}  // namespace marginalia
