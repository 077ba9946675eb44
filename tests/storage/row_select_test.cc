#include "services/storage/connection/row_select.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "services/storage/database.h"
#include "tests/support/database_under_test.h"

namespace marginalia {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const std::string kLong(100'000, 'x');

Migrations Notes() {
  return {{.number = 1,
           .name = "notes",
           .statements = {"CREATE TABLE notes (number BIGINT PRIMARY KEY, text TEXT NOT NULL)",
                          "INSERT INTO notes (number, text) VALUES (-9223372036854775807, '')",
                          "INSERT INTO notes (number, text) VALUES (1, 'one')",
                          "INSERT INTO notes (number, text) VALUES (2, 'zwei – два')",
                          "INSERT INTO notes (number, text) VALUES (3, '" + kLong + "')"}}};
}

struct SelectNotes {
  explicit SelectNotes(Connection& connection)
      : rows(connection,
             "SELECT text, number FROM notes WHERE number >= :from AND text <> :not"
             " ORDER BY number",
             {RowSelect::kInteger, RowSelect::kText}, {RowSelect::kText, RowSelect::kInteger}) {}
  RowSelect rows;
};

using Row = std::pair<std::string, std::int64_t>;

std::vector<Row> Read(Connection& connection, std::int64_t from, std::string_view not_this = "-") {
  RowSelect& rows = connection.Prepared<SelectNotes>().rows;
  std::vector<Row> read;
  rows.With(from).With(not_this);
  while (rows.Next()) read.emplace_back(rows.Text(0), rows.Integer(1));
  return read;
}

class RowSelectTest : public testing::TestWithParam<DatabaseKind> {
 protected:
  void InSnapshot(absl::FunctionRef<void(Connection&)> read) {
    EXPECT_EQ(database_->Read([&](Connection& connection) {
      read(connection);
      return absl::OkStatus();
    }),
              absl::OkStatus());
  }

  std::unique_ptr<Database> database_ = *Database::Open(NewDatabaseUrl(GetParam()), Notes());
};
INSTANTIATE_ON_EVERY_DATABASE(RowSelectTest);

TEST_P(RowSelectTest, RowsComeAsTheyStandAndTheStatementRunsAgain) {
  InSnapshot([](Connection& connection) {
    for (int run = 0; run < 3; ++run) {
      EXPECT_THAT(Read(connection, -9223372036854775807),
                  ElementsAre(Row("", -9223372036854775807), Row("one", 1), Row("zwei – два", 2),
                              Row(kLong, 3)));
      EXPECT_THAT(Read(connection, 1, "one"), ElementsAre(Row("zwei – два", 2), Row(kLong, 3)));
      EXPECT_THAT(Read(connection, 1, kLong), ElementsAre(Row("one", 1), Row("zwei – два", 2)));
      EXPECT_THAT(Read(connection, 4), IsEmpty());
    }
  });
}

TEST_P(RowSelectTest, ARunThatIsGivenUpHoldsNoSnapshotAndTheNextBeginsAnew) {
  for (int run = 0; run < 3; ++run) {
    InSnapshot([](Connection& connection) {
      RowSelect& rows = connection.Prepared<SelectNotes>().rows;
      rows.With(std::int64_t{1}).With("-");
      ASSERT_TRUE(rows.Next());
      EXPECT_EQ(rows.Text(0), "one");
      EXPECT_THAT(Read(connection, 3), ElementsAre(Row(kLong, 3)));
      rows.With(std::int64_t{1}).With("-");
      ASSERT_TRUE(rows.Next());
    });
  }
  EXPECT_THAT(
      [&] {
        std::vector<Row> read;
        InSnapshot([&](Connection& connection) { read = Read(connection, 3); });
        return read;
      }(),
      ElementsAre(Row(kLong, 3)));
}

TEST_P(RowSelectTest, AStatementThatCannotBeIsAnErrorOfTheDatabase) {
  const absl::Status read = database_->Read([](Connection& connection) {
    RowSelect rows(connection, "SELECT number FROM nothing", {}, {RowSelect::kInteger});
    rows.Next();
    return absl::OkStatus();
  });
  EXPECT_FALSE(read.ok());
}

}  // namespace
}  // namespace marginalia
