#include "services/storage/connection/row_insert.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "services/process/stopwatch.h"
#include "services/storage/connection/statement.h"
#include "services/storage/group/group_commit.h"
#include "tests/support/database_under_test.h"

namespace marginalia {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Migrations Notes() {
  return {{.number = 1,
           .name = "notes",
           .statements = {"CREATE TABLE notes (number BIGINT PRIMARY KEY, text TEXT NOT NULL, "
                          "data {bytes} NOT NULL)"}}};
}

struct NoteRows {
  explicit NoteRows(Connection& connection)
      : insert(connection, "INSERT INTO notes (number, text, data)",
               {RowInsert::kInteger, RowInsert::kText, RowInsert::kBytes}) {}
  RowInsert insert;
};

struct NoteCount {
  explicit NoteCount(Connection& connection)
      : statement(connection, "SELECT count(*) FROM notes", soci::into(count)) {}
  std::int64_t count = 0;
  Statement statement;
};

struct LatestNoteRows {
  explicit LatestNoteRows(Connection& connection)
      : insert(connection, "INSERT INTO notes (number, text, data)",
               {RowInsert::kInteger, RowInsert::kText, RowInsert::kBytes},
               "ON CONFLICT (number) DO UPDATE SET text = excluded.text") {}
  RowInsert insert;
};

void InsertNote(Connection& connection, std::int64_t number, std::string_view text,
                std::string_view data = "") {
  connection.Prepared<NoteRows>().insert.Integer(number).Text(text).Bytes(data).EndRow();
}

std::int64_t CountNotes(Connection& connection) {
  std::int64_t count = 0;
  connection.sql() << "SELECT count(*) FROM notes", soci::into(count);
  return count;
}

class RowInsertTest : public testing::TestWithParam<DatabaseKind> {
 protected:
  static std::unique_ptr<Database> OpenNotes() {
    auto database = Database::Open(NewDatabaseUrl(GetParam()), Notes());
    EXPECT_EQ(database.status(), absl::OkStatus());
    return *std::move(database);
  }

  absl::Status Write(GroupCommit::Write write) {
    return writes_.SubmitAndWait(SteadyTime::Never(), std::move(write));
  }

  std::vector<std::string> Texts() {
    std::vector<std::string> texts;
    const absl::Status read = database_->Read([&](Connection& connection) {
      std::string text;
      soci::statement select =
          (connection.sql().prepare << "SELECT text FROM notes ORDER BY number", soci::into(text));
      for (bool more = select.execute(true); more; more = select.fetch()) texts.push_back(text);
      return absl::OkStatus();
    });
    EXPECT_EQ(read, absl::OkStatus());
    return texts;
  }

  const std::unique_ptr<Database> database_ = OpenNotes();
  GroupCommit writes_{*database_, {}, [](std::string_view) {}};
};
INSTANTIATE_ON_EVERY_DATABASE(RowInsertTest);

TEST_P(RowInsertTest, StoresTextsAndBytesAsTheyAre) {
  const std::vector<std::string> texts = {"",      " ",    "plain", "a \"quote\"", "back\\slash",
                                          "{a,b}", "NULL", "it's",  "\\x00",       "é 漢 🙂"};
  const std::string data("\0\"\\\x01\xff", 5);
  ASSERT_EQ(Write([&](Connection& connection) {
              for (std::size_t i = 0; i < texts.size(); ++i) {
                InsertNote(connection, static_cast<std::int64_t>(i), texts[i], data);
              }
              return absl::OkStatus();
            }),
            absl::OkStatus());
  EXPECT_EQ(Texts(), texts);
  const absl::Status read = database_->Read([&](Connection& connection) {
    std::string stored;
    connection.sql() << "SELECT data FROM notes WHERE number = 0", soci::into(stored);
    EXPECT_EQ(connection.FromColumn(stored), data);
    return absl::OkStatus();
  });
  EXPECT_EQ(read, absl::OkStatus());
}

TEST_P(RowInsertTest, TheNextStatementOfTheTransactionSeesTheRows) {
  std::vector<std::int64_t> counts;
  ASSERT_EQ(Write([&](Connection& connection) {
              InsertNote(connection, 1, "a");
              InsertNote(connection, 2, "b");
              counts.push_back(CountNotes(connection));
              InsertNote(connection, 3, "c");
              counts.push_back(CountNotes(connection));
              return absl::OkStatus();
            }),
            absl::OkStatus());
  EXPECT_THAT(counts, ElementsAre(2, 3));
}

TEST_P(RowInsertTest, AStatementThatWasFetchedBeforeTheRowsSeesThemWhenItRuns) {
  std::vector<std::int64_t> counts;
  ASSERT_EQ(Write([&](Connection& connection) {
              auto& notes = connection.Prepared<NoteCount>();
              for (const std::int64_t number : {1, 2}) {
                InsertNote(connection, number, "a");
                notes.statement.Run();
                counts.push_back(notes.count);
              }
              return absl::OkStatus();
            }),
            absl::OkStatus());
  EXPECT_THAT(counts, ElementsAre(1, 2));
}

TEST_P(RowInsertTest, RowsOfARolledBackTransactionDoNotComeBack) {
  EXPECT_FALSE(Write([](Connection& connection) -> absl::Status {
                 InsertNote(connection, 1, "lost");
                 throw std::runtime_error("sabotage");
               }).ok());
  ASSERT_EQ(Write([](Connection& connection) {
              InsertNote(connection, 2, "kept");
              return absl::OkStatus();
            }),
            absl::OkStatus());
  EXPECT_THAT(Texts(), ElementsAre("kept"));
}

TEST_P(RowInsertTest, ARowThatIsRefusedFailsItsWriteAndNothingIsWritten) {
  ASSERT_EQ(Write([](Connection& connection) {
              InsertNote(connection, 1, "first");
              return absl::OkStatus();
            }),
            absl::OkStatus());
  EXPECT_FALSE(Write([](Connection& connection) {
                 InsertNote(connection, 2, "beside it");
                 InsertNote(connection, 1, "again");
                 return absl::OkStatus();
               }).ok());
  EXPECT_THAT(Texts(), ElementsAre("first"));
}

TEST_P(RowInsertTest, AConflictClauseHolds) {
  for (const char* text : {"old", "new"}) {
    ASSERT_EQ(
        Write([text](Connection& connection) {
          connection.Prepared<LatestNoteRows>().insert.Integer(1).Text(text).Bytes("").EndRow();
          return absl::OkStatus();
        }),
        absl::OkStatus());
  }
  EXPECT_THAT(Texts(), ElementsAre("new"));
}

TEST_P(RowInsertTest, OneWriteMayInsertARowOfAKeyAgainBehindTheOneBefore) {
  ASSERT_EQ(Write([](Connection& connection) {
              RowInsert& insert = connection.Prepared<LatestNoteRows>().insert;
              for (const char* text : {"old", "new"}) {
                insert.WriteBefore().Integer(1).Text(text).Bytes("").EndRow();
              }
              return absl::OkStatus();
            }),
            absl::OkStatus());
  EXPECT_THAT(Texts(), ElementsAre("new"));
}

TEST_P(RowInsertTest, MoreThanAreKeptAtOnceAreAllWritten) {
  const std::string large(kKeptRowsBytesMax / 3, 'x');
  ASSERT_EQ(Write([&](Connection& connection) {
              for (int i = 0; i < 10; ++i) InsertNote(connection, i, large);
              return absl::OkStatus();
            }),
            absl::OkStatus());
  EXPECT_EQ(Texts().size(), 10U);
}

}  // namespace
}  // namespace marginalia
