// What a connection sends to PostgreSQL without waiting, and how it hears of it.
#include "services/storage/connection/pipeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "services/process/stopwatch.h"
#include "services/storage/group/group_commit.h"
#include "tests/storage/number_table.h"
#include "tests/support/database_under_test.h"
#include "tests/support/postgres_server.h"

namespace marginalia {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr char kInsertNumber[] = "INSERT INTO numbers (number) VALUES (CAST($1 AS BIGINT))";
constexpr char kSelectNumbers[] = "SELECT number FROM numbers ORDER BY number";

class PipelineTest : public testing::Test {
 protected:
  absl::Status Write(GroupCommit::Write write) {
    return writes_.SubmitAndWait(SteadyTime::Never(), std::move(write));
  }

  static void SendInsert(Connection& connection, int number) {
    connection.Ask(kInsertNumber, {std::to_string(number)}, nullptr);
  }

  const std::string url_ = NewPostgresDatabase();
  std::unique_ptr<Database> database_ = OpenNumbers(url_);
  GroupCommit writes_{*database_, {}, [](std::string_view reason) {
                        ADD_FAILURE() << "the process would end: " << reason;
                      }};
};

TEST_F(PipelineTest, AnswersComeTogetherAndInOrder) {
  std::vector<std::string> heard;
  const auto hear = [&heard](const std::string& name) {
    return [&heard, name](const AnsweredRows& rows) {
      heard.push_back(name);
      for (int row = 0; row < rows.size(); ++row) {
        EXPECT_EQ(std::to_string(rows.Integer(row, 0)), rows.Text(row, 0));
        heard.emplace_back(rows.Text(row, 0));
      }
    };
  };
  ASSERT_EQ(Write([&](Connection& connection) {
              SendInsert(connection, 5);
              connection.Ask(kSelectNumbers, {}, hear("first"));
              SendInsert(connection, -7);
              connection.Ask(kSelectNumbers, {}, hear("second"));
              EXPECT_THAT(heard, IsEmpty());
              connection.AwaitAnswers();
              EXPECT_THAT(heard, ElementsAre("first", "5", "second", "-7", "5"));
              // A statement of another kind comes behind them.
              SendInsert(connection, 6);
              std::int64_t count = 0;
              connection.sql() << "SELECT count(*) FROM numbers", soci::into(count);
              EXPECT_EQ(count, 3);
              // And what nobody waits for is committed all the same.
              SendInsert(connection, 8);
              return absl::OkStatus();
            }),
            absl::OkStatus());
  EXPECT_THAT(Numbers(*database_), ElementsAre(-7, 5, 6, 8));
}

TEST_F(PipelineTest, WhatFailsBeforeTheCommitHasNotHappenedAndTheConnectionGoesOn) {
  ASSERT_EQ(Write([](Connection& connection) {
              SendInsert(connection, 1);
              return absl::OkStatus();
            }),
            absl::OkStatus());
  for (int i = 0; i < 3; ++i) {
    bool answered = false;
    EXPECT_EQ(Write([&answered](Connection& connection) {
                SendInsert(connection, 2);
                SendInsert(connection, 1);  // once more
                connection.Ask(kSelectNumbers, {}, [&answered](const auto&) { answered = true; });
                return absl::OkStatus();
              }).code(),
              absl::StatusCode::kInternal);
    EXPECT_FALSE(answered);
    EXPECT_THAT(Numbers(*database_), ElementsAre(1));
  }
  // A statement that failed unheard: its COMMIT would be a quiet ROLLBACK.
  EXPECT_FALSE(Write([](Connection& connection) {
                 SendInsert(connection, 3);
                 SendInsert(connection, 1);
                 try {
                   connection.AwaitAnswers();
                   ADD_FAILURE() << "a duplicate was taken";
                 } catch (const std::exception&) {
                 }
                 return absl::OkStatus();
               }).ok());
  EXPECT_EQ(Write([](Connection& connection) {
              SendInsert(connection, 2);
              return absl::OkStatus();
            }),
            absl::OkStatus());
  EXPECT_THAT(Numbers(*database_), ElementsAre(1, 2));
}

TEST_F(PipelineTest, AWriteThatThrowsTakesBackWhatIsOnItsWay) {
  EXPECT_FALSE(Write([](Connection& connection) -> absl::Status {
                 SendInsert(connection, 1);
                 throw std::runtime_error("changed my mind");
               }).ok());
  EXPECT_THAT(Numbers(*database_), IsEmpty());
  EXPECT_EQ(Write([](Connection& connection) {
              SendInsert(connection, 2);
              return absl::OkStatus();
            }),
            absl::OkStatus());
  EXPECT_THAT(Numbers(*database_), ElementsAre(2));
}

// With COMMIT on its way nobody knows; the callers are told to retry, and the writer connects anew.
TEST_F(PipelineTest, AConnectionThatIsLostWithTheLastRowsIsUnavailableAndReplaced) {
  EXPECT_EQ(Write([this](Connection& connection) {
              SendInsert(connection, 1);
              CutPostgresConnections(url_);
              return absl::OkStatus();
            }).code(),
            absl::StatusCode::kUnavailable);
  EXPECT_THAT(Numbers(*database_), IsEmpty());
  EXPECT_EQ(Write([](Connection& connection) {
              SendInsert(connection, 1);
              return absl::OkStatus();
            }),
            absl::OkStatus());
  EXPECT_THAT(Numbers(*database_), ElementsAre(1));
}

}  // namespace
}  // namespace marginalia
