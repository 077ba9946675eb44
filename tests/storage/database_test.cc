#include "services/storage/database.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <latch>
#include <thread>

#include "services/errors/errors.h"
#include "services/process/stopwatch.h"
#include "services/storage/connection/statement.h"
#include "services/storage/group/group_commit.h"
#include "tests/storage/number_table.h"
#include "tests/support/database_under_test.h"

namespace marginalia {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

void Write(Database& database, GroupCommit::Write write) {
  GroupCommit writes(database, {}, [](std::string_view reason) { ADD_FAILURE() << reason; });
  EXPECT_EQ(writes.SubmitAndWait(SteadyTime::Never(), std::move(write)), absl::OkStatus());
}

class DatabaseTest : public testing::TestWithParam<DatabaseKind> {
 protected:
  const std::string url_ = NewDatabaseUrl(GetParam());
};

INSTANTIATE_ON_EVERY_DATABASE(DatabaseTest);

TEST_P(DatabaseTest, MigrationsAreAppliedOnceAndLaterOnesAddToThem) {
  Migrations migrations = NumberMigrations();
  ASSERT_TRUE(Database::Open(url_, migrations).ok());
  migrations.push_back({.number = 2,
                        .name = "one number",
                        .statements = {"INSERT INTO numbers (number) VALUES (42)"}});
  ASSERT_TRUE(Database::Open(url_, migrations).ok());
  const auto database = Database::Open(url_, migrations);
  ASSERT_TRUE(database.ok());
  EXPECT_THAT(Numbers(**database), ElementsAre(42));
}

TEST_P(DatabaseTest, AMigrationThatFailsLeavesNothingOfItself) {
  Migrations migrations = NumberMigrations();
  migrations.push_back({.number = 2,
                        .name = "half",
                        .statements = {"INSERT INTO numbers (number) VALUES (1)", "nonsense"}});
  EXPECT_FALSE(Database::Open(url_, migrations).ok());
  EXPECT_THAT(Numbers(*OpenNumbers(url_)), IsEmpty());
}

TEST_P(DatabaseTest, ADatabaseOfANewerVersionIsRefused) {
  Migrations newer = NumberMigrations();
  newer.push_back({.number = 2, .name = "later", .statements = {}});
  ASSERT_TRUE(Database::Open(url_, newer).ok());
  const absl::Status refused = Database::Open(url_, NumberMigrations()).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(refused.message()),
              HasSubstr("is at version 2, this binary knows 1: run a newer binary"));
}

TEST_P(DatabaseTest, ADatabaseOfAnotherProgramIsRefused) {
  ASSERT_TRUE(Database::Open(url_, NumberMigrations()).ok());
  const Migrations others = {{.number = 1, .name = "letters", .statements = {}}};
  const absl::Status refused = Database::Open(url_, others).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(refused.message()), HasSubstr("it belongs to another program"));
}

TEST_P(DatabaseTest, AReadSeesOneSnapshot) {
  const auto database = OpenNumbers(url_);
  std::int64_t before = -1, after = -1;
  const absl::Status read = database->Read([&](Connection& connection) {
    connection.sql() << "SELECT count(*) FROM numbers", soci::into(before);
    Write(*database, Insert(1));
    connection.sql() << "SELECT count(*) FROM numbers", soci::into(after);
    return absl::OkStatus();
  });
  EXPECT_EQ(read, absl::OkStatus());
  EXPECT_EQ(before, 0);
  EXPECT_EQ(after, 0);
  EXPECT_THAT(Numbers(*database), ElementsAre(1));
}

// A SELECT that was not read to its end would keep SQLite's snapshot open beyond the read.
struct FirstNumber {
  explicit FirstNumber(Connection& connection)
      : select(connection, "SELECT number FROM numbers ORDER BY number DESC", soci::into(number)) {}
  std::int64_t number = 0;
  Statement select;
};

TEST_P(DatabaseTest, AReadThatStopsHalfWayDoesNotMakeTheNextOneStale) {
  const auto database = OpenNumbers(url_);
  Write(*database, Insert(1));
  Write(*database, Insert(2));
  const auto newest = [&] {
    std::int64_t number = 0;
    EXPECT_EQ(database->Read([&number](Connection& connection) {
      auto& statement = connection.Prepared<FirstNumber>();
      statement.select.Run();
      number = statement.number;
      return absl::OkStatus();
    }),
              absl::OkStatus());
    return number;
  };
  EXPECT_EQ(newest(), 2);
  Write(*database, Insert(3));
  EXPECT_EQ(newest(), 3);
  Write(*database, Insert(4));
  EXPECT_EQ(newest(), 4);
}

TEST_P(DatabaseTest, AReaderCannotWrite) {
  const auto database = OpenNumbers(url_);
  const absl::Status written = database->Read([](Connection& connection) {
    connection.sql() << "INSERT INTO numbers (number) VALUES (1)";
    return absl::OkStatus();
  });
  EXPECT_FALSE(written.ok());
  EXPECT_THAT(Numbers(*database), IsEmpty());
}

TEST_P(DatabaseTest, AReadThatThrowsLeavesItsConnectionUsable) {
  const auto database = OpenNumbers(url_);
  for (std::size_t i = 0; i <= kReadersMax; ++i) {
    const absl::Status failed = database->Read([](Connection& connection) {
      connection.sql() << "SELECT nonsense FROM nowhere";
      return absl::OkStatus();
    });
    EXPECT_EQ(failed.code(), absl::StatusCode::kInternal);
  }
  EXPECT_THAT(Numbers(*database), IsEmpty());
}

TEST_P(DatabaseTest, AReadWaitsForAFreeConnectionAndGivesUpInTheEnd) {
  const auto database = OpenNumbers(url_);
  std::latch all_taken(kReadersMax + 1);
  std::promise<void> release;
  const std::shared_future<void> released = release.get_future().share();
  std::vector<std::thread> readers;
  for (std::size_t i = 0; i < kReadersMax; ++i) {
    readers.emplace_back([&] {
      EXPECT_EQ(database->Read([&](Connection&) {
        all_taken.arrive_and_wait();
        released.wait();
        return absl::OkStatus();
      }),
                absl::OkStatus());
    });
  }
  all_taken.arrive_and_wait();
  const absl::Status refused = database->Read([](Connection&) { return absl::OkStatus(); });
  EXPECT_EQ(refused.code(), absl::StatusCode::kUnavailable);
  EXPECT_GT(RetryAfterOf(refused), absl::ZeroDuration());
  release.set_value();
  for (std::thread& reader : readers) reader.join();
  EXPECT_THAT(Numbers(*database), IsEmpty());
}

TEST_P(DatabaseTest, ReadThenReadsAndThenTellsTheStatus) {
  const auto database = OpenNumbers(url_);
  Write(*database, Insert(5));
  std::promise<absl::Status> ended;
  std::int64_t number = 0;
  database->ReadThen(
      SteadyTime::Never(), Tenants(),
      [&number](Connection& connection) {
        connection.sql() << "SELECT number FROM numbers", soci::into(number);
        return absl::NotFoundError("as the read says");
      },
      [&ended](const absl::Status& status) { ended.set_value(status); });
  EXPECT_EQ(ended.get_future().get(), absl::NotFoundError("as the read says"));
  EXPECT_EQ(number, 5);
}

TEST_P(DatabaseTest, BytesComeBackAsTheyWent) {
  std::string bytes("\0\xff\\x'\"\0 NUL and \xc3\x28", 18);
  for (int byte = 0; byte < 256; ++byte) bytes += static_cast<char>(byte);
  Migrations migrations = {{.number = 1,
                            .name = "bytes",
                            .statements = {"CREATE TABLE things (thing {bytes} NOT NULL)"}}};
  const auto database = Database::Open(url_, migrations);
  ASSERT_TRUE(database.ok());
  Write(**database, [&bytes](Connection& connection) {
    const std::string column = connection.ToColumn(bytes);
    for (int i = 0; i < 2; ++i) {
      connection.sql() << "INSERT INTO things (thing) VALUES (:thing)", soci::use(column);
    }
    return absl::OkStatus();
  });
  std::string one;
  std::vector<std::string> both(2);
  EXPECT_EQ((*database)->Read([&](Connection& connection) {
    connection.sql() << "SELECT thing FROM things LIMIT 1", soci::into(one);
    connection.sql() << "SELECT thing FROM things", soci::into(both);
    one = connection.FromColumn(one);
    for (std::string& each : both) each = connection.FromColumn(each);
    return absl::OkStatus();
  }),
            absl::OkStatus());
  EXPECT_EQ(one, bytes);
  EXPECT_THAT(both, ElementsAre(bytes, bytes));
}

TEST_P(DatabaseTest, TextInCCollationIsOrderedByItsBytes) {
  Migrations migrations = {
      {.number = 1,
       .name = "words",
       .statements = {"CREATE TABLE words (word TEXT {c_collation} NOT NULL, "
                      "PRIMARY KEY (word)) {clustered}",
                      "INSERT INTO words (word) VALUES ('a'), ('B'), ('_'), ('\u00e4'), ('z')"}}};
  const auto database = Database::Open(url_, migrations);
  ASSERT_TRUE(database.ok());
  std::vector<std::string> words(9);
  EXPECT_EQ((*database)->Read([&words](Connection& connection) {
    connection.sql() << "SELECT word FROM words ORDER BY word", soci::into(words);
    return absl::OkStatus();
  }),
            absl::OkStatus());
  EXPECT_THAT(words, ElementsAre("B", "_", "a", "z", "\u00e4"));
}

TEST_P(DatabaseTest, WriteAtStartCommitsWhatSucceedsAndUndoesWhatDoesNot) {
  const auto database = OpenNumbers(url_);
  const auto insert = [](std::int64_t number, absl::Status result) {
    return [number, result](Connection& connection) {
      connection.sql() << "INSERT INTO numbers (number) VALUES (:number)", soci::use(number);
      return result;
    };
  };
  EXPECT_EQ(database->WriteAtStart(insert(1, absl::OkStatus())), absl::OkStatus());
  EXPECT_EQ(database->WriteAtStart(insert(2, absl::AbortedError("no"))), absl::AbortedError("no"));
  EXPECT_EQ(database->WriteAtStart(insert(1, absl::OkStatus())).code(),
            absl::StatusCode::kInternal);
  EXPECT_THAT(Numbers(*database), ElementsAre(1));
}

}  // namespace
}  // namespace marginalia
