// What Database::Open refuses, and how it says so.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <soci/postgresql/soci-postgresql.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "services/process/log.h"
#include "services/process/stopwatch.h"
#include "services/storage/connection/sqlite_settings.h"
#include "services/storage/database.h"
#include "services/storage/group/group_commit.h"
#include "tests/storage/number_table.h"
#include "tests/support/postgres_server.h"
#include "tests/support/temp_dir.h"

namespace marginalia {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

absl::Status OpenStatus(const std::string& url) {
  return Database::Open(url, NumberMigrations()).status();
}

class DatabaseOpenTest : public testing::Test {
 protected:
  std::string Url() const { return "sqlite:" + path_; }
  // Makes a database of some hundred pages.
  void Fill() {
    const auto database = OpenNumbers(Url());
    GroupCommit writes(*database, {}, [](std::string_view) {});
    EXPECT_EQ(writes.SubmitAndWait(SteadyTime::Never(),
                                   [](Connection& connection) {
                                     for (std::int64_t i = 0; i < 50'000; ++i) {
                                       connection.sql()
                                           << "INSERT INTO numbers (number) VALUES (:n)",
                                           soci::use(i);
                                     }
                                     return absl::OkStatus();
                                   }),
              absl::OkStatus());
  }
  void Overwrite(std::streamoff offset, std::size_t bytes) {
    std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(offset);
    file << std::string(bytes, 'x');
  }

  TempDir directory_;
  const std::string path_ = directory_.File("numbers.db");
};

// A new PostgreSQL database, made with `options`.
struct MadeDatabase {
  explicit MadeDatabase(const std::string& options) {
    const std::size_t at = url.rfind('/', url.find('?')) + 1;
    name += url.substr(at, url.find('?') - at);
    superuser << "CREATE DATABASE " + name + " OWNER app TEMPLATE template0 " + options;
    url.replace(at, url.find('?') - at, name);
  }

  std::string url = NewPostgresDatabase();
  std::string name = "made_";
  soci::session superuser{soci::postgresql, PostgresSuperuserUrl(url)};
};

TEST_F(DatabaseOpenTest, APostgresDatabaseOfAnotherEncodingThanUtf8IsRefused) {
  const MadeDatabase ascii("ENCODING 'SQL_ASCII' LOCALE 'C'");
  const absl::Status refused = OpenStatus(ascii.url);
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(refused.message()),
              AllOf(HasSubstr("SQL_ASCII"), HasSubstr("ENCODING 'UTF8'")));
}

TEST_F(DatabaseOpenTest, APostgresDatabaseWhoseIndexesAreInAnotherOrderIsOpenedAndSaidToBe) {
  MadeDatabase moved("ENCODING 'UTF8' LOCALE 'C' LOCALE_PROVIDER icu ICU_LOCALE 'en'");
  const auto opened = [&moved] {
    testing::internal::CaptureStderr();
    EXPECT_EQ(OpenStatus(moved.url), absl::OkStatus());
    FlushLog();
    return testing::internal::GetCapturedStderr();
  };
  EXPECT_THAT(opened(), Not(HasSubstr("REINDEX DATABASE")));
  moved.superuser << "UPDATE pg_database SET datcollversion = '0' WHERE datname = '" + moved.name +
                         "'";
  EXPECT_THAT(opened(), HasSubstr("REINDEX DATABASE"));
}

TEST_F(DatabaseOpenTest, AUrlOfNoKnownKindIsRefused) {
  for (const char* url : {"", "mysql://x", "sqlite:", "sqlite::memory:", "postgresql:// bad"}) {
    EXPECT_EQ(OpenStatus(url).code(), absl::StatusCode::kInvalidArgument) << url;
  }
}

TEST_F(DatabaseOpenTest, ADirectoryThatDoesNotExistIsNamed) {
  const absl::Status status = OpenStatus("sqlite:" + directory_.File("nowhere/numbers.db"));
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("nowhere/numbers.db"), HasSubstr("No such file or directory")));
}

TEST_F(DatabaseOpenTest, AFileThatIsNoDatabaseIsCorrupt) {
  std::ofstream(path_) << std::string(8192, 'x');
  const absl::Status status = OpenStatus(Url());
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr(path_), HasSubstr("restore it from a backup")));
}

TEST_F(DatabaseOpenTest, DamageBehindTheHeaderIsFound) {
  Fill();
  Overwrite(10 * kSqlitePageBytes, 2 * kSqlitePageBytes);
  EXPECT_EQ(OpenStatus(Url()).code(), absl::StatusCode::kDataLoss);
}

TEST_F(DatabaseOpenTest, AFileThatWasCutOffIsCorrupt) {
  Fill();
  std::filesystem::resize_file(path_, std::filesystem::file_size(path_) / 2);
  EXPECT_EQ(OpenStatus(Url()).code(), absl::StatusCode::kDataLoss);
}

TEST_F(DatabaseOpenTest, ASecondOpeningOfTheSameFileIsRefusedUntilTheFirstIsClosed) {
  auto database = OpenNumbers(Url());
  const std::string other_name = directory_.File("link.db");
  std::filesystem::create_symlink(path_, other_name);
  for (const std::string& url : {Url(), "sqlite:" + other_name}) {
    const absl::Status status = OpenStatus(url);
    EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
    EXPECT_THAT(std::string(status.message()), HasSubstr("is held by another process"));
  }
  database.reset();
  EXPECT_EQ(OpenStatus(Url()), absl::OkStatus());
}

TEST_F(DatabaseOpenTest, ANameWithSpacesIsOneName) {
  const std::string path = directory_.File("two  words = one.db");
  EXPECT_EQ(OpenStatus("sqlite:" + path), absl::OkStatus());
  EXPECT_TRUE(std::filesystem::exists(path));
}

TEST_F(DatabaseOpenTest, TheWriterIsDurableAndNeitherSideCheckpointsByItself) {
  const auto database = OpenNumbers(Url());
  const auto pragma = [](Connection& connection, const std::string& name) {
    std::string value;
    connection.sql() << "PRAGMA " << name, soci::into(value);
    return value;
  };
  const auto check = [&](Connection& connection) {
    EXPECT_EQ(pragma(connection, "journal_mode"), "wal");
    EXPECT_EQ(pragma(connection, "synchronous"), "2");
    EXPECT_EQ(pragma(connection, "foreign_keys"), "1");
    EXPECT_EQ(pragma(connection, "wal_autocheckpoint"), "0");
    EXPECT_EQ(pragma(connection, "page_size"), std::to_string(kSqlitePageBytes));
    return absl::OkStatus();
  };
  EXPECT_EQ(database->Read(check), absl::OkStatus());
  GroupCommit writes(*database, {}, [](std::string_view) {});
  EXPECT_EQ(writes.SubmitAndWait(SteadyTime::Never(), check), absl::OkStatus());
}

TEST_F(DatabaseOpenTest, AServerThatCannotBeReachedIsNamedWithoutItsPassword) {
  const absl::Status status = OpenStatus("postgresql://app:secret-password@127.0.0.1:1/numbers");
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("postgresql://127.0.0.1:1/numbers"), Not(HasSubstr("secret"))));
}

TEST_F(DatabaseOpenTest, SeveralReplicasMayOpenOnePostgresDatabase) {
  const std::string url = NewPostgresDatabase();
  const auto first = OpenNumbers(url);
  const auto second = OpenNumbers(url);
  GroupCommit writes(*first, {}, [](std::string_view) {});
  EXPECT_EQ(writes.SubmitAndWait(SteadyTime::Never(), Insert(1)), absl::OkStatus());
  EXPECT_THAT(Numbers(*second), testing::ElementsAre(1));
}

}  // namespace
}  // namespace marginalia
