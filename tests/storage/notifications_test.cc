#include "services/storage/connection/notifications.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "services/process/stopwatch.h"
#include "tests/storage/number_table.h"
#include "tests/support/await.h"
#include "tests/support/database_under_test.h"

namespace marginalia {
namespace {

// What a listener was told, by any thread.
class Heard {
 public:
  void Add(std::string_view payload) {
    const std::lock_guard lock(mutex_);
    payloads_.emplace_back(payload);
  }
  std::size_t Count(const std::string& payload) const {
    const std::lock_guard lock(mutex_);
    return static_cast<std::size_t>(std::count(payloads_.begin(), payloads_.end(), payload));
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> payloads_;
};

class NotificationsTest : public testing::Test {
 protected:
  std::unique_ptr<Notifications> Listen() {
    return database_->Listen("news", [this](std::string_view payload) { heard_.Add(payload); });
  }

  void Run(const std::string& sql) {
    const absl::Status ran =
        writes_.SubmitAndWait(SteadyTime::Never(), [&sql](Connection& connection) {
          connection.sql() << sql;
          return absl::OkStatus();
        });
    EXPECT_EQ(ran, absl::OkStatus());
  }

  const std::unique_ptr<Database> database_ = OpenNumbers(NewDatabaseUrl(DatabaseKind::kPostgres));
  GroupCommit writes_{*database_, {}, [](std::string_view) {}};
  Heard heard_;
};

TEST_F(NotificationsTest, TellsThatItListensAndThenWhatIsCommitted) {
  const auto notifications = Listen();
  ASSERT_TRUE(Await([this] { return heard_.Count("") == 1; }));
  Run("NOTIFY news, 'seven'");
  EXPECT_TRUE(Await([this] { return heard_.Count("seven") == 1; }));
}

TEST_F(NotificationsTest, ALostConnectionIsReplacedAndTheListenerToldThatItMayHaveMissedSome) {
  const auto notifications = Listen();
  ASSERT_TRUE(Await([this] { return heard_.Count("") == 1; }));
  Run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
      " AND query LIKE 'LISTEN%'");
  ASSERT_TRUE(Await([this] { return heard_.Count("") == 2; }));
  Run("NOTIFY news, 'eight'");
  EXPECT_TRUE(Await([this] { return heard_.Count("eight") == 1; }));
}

TEST_F(NotificationsTest, OneThatWasLetGoIsToldNothingMore) {
  auto notifications = Listen();
  ASSERT_TRUE(Await([this] { return heard_.Count("") == 1; }));
  notifications.reset();
  Run("NOTIFY news, 'nine'");
  const auto other = Listen();
  ASSERT_TRUE(Await([this] { return heard_.Count("") == 2; }));
  EXPECT_EQ(heard_.Count("nine"), 0U);
}

TEST(NotificationsOnSqliteTest, ThereAreNone) {
  const auto database = OpenNumbers(NewDatabaseUrl(DatabaseKind::kSqlite));
  EXPECT_EQ(database->Listen("news", [](std::string_view) {}), nullptr);
}

}  // namespace
}  // namespace marginalia
