#include "tests/events/log_under_test.h"

#include <gtest/gtest.h>

#include <numeric>

#include "absl/strings/str_cat.h"
#include "services/process/stopwatch.h"

namespace marginalia {

Migrations LogMigrations() {
  return {{.number = 1, .name = "events", .statements = EventLog::Schema()},
          {.number = 2, .name = "newest time", .statements = EventLog::SchemaOfNewestTime()},
          {.number = 3, .name = "stubs", .statements = EventLog::SchemaOfStubs()}};
}

LogUnderTest::LogUnderTest(const std::string& url, bool start_new_log, CompleteStubs complete) {
  auto database = Database::Open(url, LogMigrations());
  EXPECT_TRUE(database.ok()) << database.status();
  database_ = *std::move(database);
  auto log = EventLog::Open(*database_, start_new_log, std::move(complete));
  EXPECT_TRUE(log.ok()) << log.status();
  log_ = *std::move(log);
}

GroupCommit& LogUnderTest::writes() {
  if (writes_ == nullptr) {
    writes_ = std::make_unique<GroupCommit>(
        *database_, std::vector<GroupParticipant*>{log_.get()}, [this](std::string_view reason) {
          EXPECT_TRUE(fails_) << "the writer failed: " << reason;
          failure_.set_value(std::string(reason));
        });
  }
  return *writes_;
}

GroupCommit::Write LogUnderTest::Appending(std::string text, absl::Time time) {
  return [this, text = std::move(text), time](Connection& connection) {
    log_->Append(connection, "acme", "invoice", time,
                 [&text](std::int64_t position) { return absl::StrCat(position, " ", text); });
    return absl::OkStatus();
  };
}

void LogUnderTest::Append(int count, absl::Time time) {
  auto append = Appending("text", time);
  EXPECT_EQ(Write([&append, count](Connection& connection) {
              for (int i = 0; i < count; ++i) {
                if (absl::Status status = append(connection); !status.ok()) return status;
              }
              return absl::OkStatus();
            }),
            absl::OkStatus());
}

absl::Status LogUnderTest::Write(GroupCommit::Write write) {
  return writes().SubmitAndWait(SteadyTime::Never(), std::move(write));
}

void LogUnderTest::Execute(const std::string& statement) {
  EXPECT_EQ(Write([&statement](Connection& connection) {
              connection.sql() << statement;
              return absl::OkStatus();
            }),
            absl::OkStatus());
}

std::vector<std::int64_t> Range(std::int64_t first, std::int64_t last) {
  std::vector<std::int64_t> range(static_cast<std::size_t>(last - first + 1));
  std::iota(range.begin(), range.end(), first);
  return range;
}

std::vector<std::int64_t> Positions(const std::vector<EventPointer>& events) {
  std::vector<std::int64_t> positions;
  for (const EventPointer& event : events) positions.push_back(event->position);
  return positions;
}

}  // namespace marginalia
