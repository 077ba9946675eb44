// How a schema changes: each migration once, whole or not at all, beside replicas that serve.
#include "services/storage/migrations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "services/process/stopwatch.h"
#include "services/storage/connection/write_transaction.h"
#include "services/storage/database.h"
#include "services/storage/database_url.h"
#include "services/storage/group/group_commit.h"
#include "tests/storage/number_table.h"
#include "tests/support/await.h"
#include "tests/support/database_under_test.h"
#include "tests/support/postgres_server.h"

namespace marginalia {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr absl::Duration kShortWait = absl::Milliseconds(300);

// The next release's schema: what it adds, the release before can do without.
Migrations Expanded() {
  Migrations migrations = NumberMigrations();
  migrations.push_back(
      {2, "labels", {"ALTER TABLE numbers ADD COLUMN label TEXT NOT NULL DEFAULT 'none'"}});
  migrations.push_back({3,
                        "colours",
                        {"CREATE TABLE colours (colour TEXT PRIMARY KEY)",
                         "INSERT INTO colours (colour) VALUES ('red')"}});
  return migrations;
}

// One whose second statement fails.
Migrations Broken() {
  Migrations migrations = NumberMigrations();
  migrations.push_back({2,
                        "broken",
                        {"CREATE TABLE half_done (number BIGINT)",
                         "INSERT INTO no_such_table (number) VALUES (1)"}});
  return migrations;
}

std::vector<int> Applied(Database& database) {
  std::vector<int> numbers(16);
  EXPECT_EQ(database.Read([&numbers](Connection& connection) {
    connection.sql() << "SELECT number FROM schema_migrations ORDER BY number", soci::into(numbers);
    return absl::OkStatus();
  }),
            absl::OkStatus());
  return numbers;
}

int Count(Database& database, const std::string& what) {
  int count = -1;
  EXPECT_EQ(database.Read([&](Connection& connection) {
    connection.sql() << "SELECT count(*) FROM " << what, soci::into(count);
    return absl::OkStatus();
  }),
            absl::OkStatus());
  return count;
}

class MigrationsTest : public testing::TestWithParam<DatabaseKind> {
 protected:
  absl::StatusOr<std::unique_ptr<Database>> Open(const Migrations& migrations) {
    return Database::Open(url_, migrations);
  }

  const std::string url_ = NewDatabaseUrl(GetParam());
};

INSTANTIATE_ON_EVERY_DATABASE(MigrationsTest);

TEST_P(MigrationsTest, EachIsAppliedOnceAndInOrder) {
  ASSERT_TRUE(Open(NumberMigrations()).ok());
  ASSERT_TRUE(Open(Expanded()).ok());
  const auto database = Open(Expanded());
  ASSERT_TRUE(database.ok()) << database.status();
  EXPECT_THAT(Applied(**database), ElementsAre(1, 2, 3));
  EXPECT_EQ(Count(**database, "colours"), 1);
}

TEST_P(MigrationsTest, ADatabaseNewerThanTheBinaryIsRefusedWithBothVersions) {
  ASSERT_TRUE(Open(Expanded()).ok());
  const absl::Status status = Open(NumberMigrations()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(
      std::string(status.message()),
      AllOf(HasSubstr("is at version 3, this binary knows 1"), HasSubstr("run a newer binary")));
}

TEST_P(MigrationsTest, ADatabaseOfAnotherProgramIsRefusedByName) {
  ASSERT_TRUE(Open(NumberMigrations()).ok());
  Migrations others = NumberMigrations();
  others.front().name = "letters";
  const absl::Status status = Open(others).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), AllOf(HasSubstr("numbers"), HasSubstr("letters")));
}

TEST_P(MigrationsTest, OneThatFailsLeavesNothing) {
  ASSERT_FALSE(Open(Broken()).ok());
  const auto database = Open(NumberMigrations());
  ASSERT_TRUE(database.ok()) << database.status();
  EXPECT_THAT(Applied(**database), ElementsAre(1));
  EXPECT_FALSE((*database)
                   ->Read([](Connection& connection) {
                     connection.sql() << "SELECT number FROM half_done";
                     return absl::OkStatus();
                   })
                   .ok());
}

class PostgresMigrationsTest : public testing::Test {
 protected:
  ConnectionTarget target() const { return ParseDatabaseUrl(url_)->target; }

  const std::string url_ = NewPostgresDatabase();
};

TEST_F(PostgresMigrationsTest, ReplicasThatStartTogetherApplyEachOnce) {
  std::atomic<int> waiting = 0;
  std::array<std::thread, 4> replicas;
  std::array<absl::Status, 4> opened;
  for (std::size_t i = 0; i < replicas.size(); ++i) {
    replicas[i] = std::thread([&, i] {
      ++waiting;
      while (waiting < 4) std::this_thread::yield();
      opened[i] = Database::Open(url_, Expanded()).status();
    });
  }
  for (std::thread& replica : replicas) replica.join();
  for (const absl::Status& status : opened) EXPECT_EQ(status, absl::OkStatus());
  const auto database = Database::Open(url_, Expanded());
  ASSERT_TRUE(database.ok()) << database.status();
  EXPECT_THAT(Applied(**database), ElementsAre(1, 2, 3));
  EXPECT_EQ(Count(**database, "colours"), 1);
}

TEST_F(PostgresMigrationsTest, AReplicaOfTheReleaseBeforeServesWhileTheNextOneMigratesAndAfter) {
  const auto old_replica = OpenNumbers(url_);
  GroupCommit old_writes(*old_replica, {},
                         [](std::string_view reason) { ADD_FAILURE() << reason; });
  std::atomic<bool> stop = false;
  std::atomic<std::int64_t> written = 0;
  std::thread load([&] {
    while (!stop) {
      EXPECT_EQ(old_writes.SubmitAndWait(SteadyTime::Never(), Insert(written + 1)),
                absl::OkStatus());
      ++written;
      EXPECT_EQ(Numbers(*old_replica).size(), static_cast<std::size_t>(written));
    }
  });
  EXPECT_TRUE(Await([&] { return written >= 10; }));
  const auto new_replica = Database::Open(url_, Expanded());
  EXPECT_TRUE(new_replica.ok()) << new_replica.status();
  const std::int64_t when_migrated = written;
  EXPECT_TRUE(Await([&] { return written >= when_migrated + 10; }));
  stop = true;
  load.join();
  ASSERT_TRUE(new_replica.ok());
  EXPECT_EQ(Count(**new_replica, "numbers WHERE label = 'none'"), written);
}

TEST_F(PostgresMigrationsTest, ALockThatAnotherProcessKeepsIsNamedAfterTheLimit) {
  Connection holder(target(), ConnectionRole::kWriter);
  std::string pid;
  WriteTransaction transaction(holder);
  holder.sql() << "SELECT pg_advisory_xact_lock(" << kMigrationLock << ")";
  holder.sql() << "SELECT CAST(pg_backend_pid() AS TEXT)", soci::into(pid);
  Connection connection(target(), ConnectionRole::kWriter);
  const absl::Status status = ApplyMigrations(connection, target(), NumberMigrations(), kShortWait);
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(
      std::string(status.message()),
      AllOf(HasSubstr("another process is migrating it (pid " + pid + " "), HasSubstr("300ms")));
}

TEST_F(PostgresMigrationsTest, NothingMissingNeedsNoLock) {
  ASSERT_NE(OpenNumbers(url_), nullptr);
  Connection holder(target(), ConnectionRole::kWriter);
  WriteTransaction transaction(holder);
  holder.sql() << "SELECT pg_advisory_xact_lock(" << kMigrationLock << ")";
  Connection connection(target(), ConnectionRole::kWriter);
  EXPECT_EQ(ApplyMigrations(connection, target(), NumberMigrations(), kShortWait),
            absl::OkStatus());
}

TEST_F(PostgresMigrationsTest, ATableInUseIsTriedAgainAndThenSaidToBe) {
  const auto database = OpenNumbers(url_);
  Connection reader(target(), ConnectionRole::kWriter);
  auto transaction = std::make_unique<WriteTransaction>(reader);
  reader.sql() << "LOCK TABLE numbers IN ACCESS SHARE MODE";
  Connection connection(target(), ConnectionRole::kWriter);
  const absl::Status status = ApplyMigrations(connection, target(), Expanded(), kShortWait);
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(status.message()), HasSubstr("a table that they change is in use"));

  std::thread migrating(
      [&] { EXPECT_EQ(ApplyMigrations(connection, target(), Expanded()), absl::OkStatus()); });
  transaction.reset();
  migrating.join();
  EXPECT_THAT(Applied(*database), ElementsAre(1, 2, 3));
}

}  // namespace
}  // namespace marginalia
