// Kills a process that writes under load, again and again, and looks at what it left behind.
// MARGINALIA_CRASH_ROUNDS sets how often.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "services/events/log/event_log.h"
#include "tests/events/crash_schema.h"
#include "tests/support/child_process.h"
#include "tests/support/database_under_test.h"

namespace marginalia {
namespace {

constexpr int kRoundsDefault = 20;
constexpr std::size_t kAnswersBeforeKillMax = 600;

int Rounds() {
  const char* rounds = std::getenv("MARGINALIA_CRASH_ROUNDS");
  return rounds == nullptr ? kRoundsDefault : std::atoi(rounds);
}

// Lets a writer run until it has answered `answers` times, kills it, and returns all that it
// answered.
std::vector<std::int64_t> WriteAndKill(const std::string& url, std::int64_t first,
                                       std::size_t answers) {
  int ends[2];
  EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
  ChildProcess writer({CRASH_WRITER, url, std::to_string(first)}, {.stdout_fd = ends[1]});
  close(ends[1]);
  std::vector<std::int64_t> answered;
  std::int64_t number = 0;
  while (read(ends[0], &number, sizeof number) == sizeof number) {
    answered.push_back(number);
    if (answered.size() == answers) writer.Signal(SIGKILL);
  }
  close(ends[0]);
  EXPECT_EQ(writer.Wait(), 128 + SIGKILL);
  return answered;
}

// All numbers stored, each of which must have its row and its one event, at positions without a
// gap.
std::set<std::int64_t> CheckStored(const std::string& url) {
  const auto database = Database::Open(url, CrashMigrations());
  EXPECT_TRUE(database.ok()) << database.status();
  const auto log = EventLog::Open(**database, /*start_new_log=*/false);
  EXPECT_TRUE(log.ok()) << log.status();
  std::set<std::int64_t> numbers;
  std::int64_t position = 0;
  while (position < (*log)->head()) {
    const auto events = (*log)->ReadAfter(position, 10'000);
    EXPECT_TRUE(events.ok()) << events.status();
    if (!events.ok() || events->empty()) break;
    for (const EventPointer& event : *events) {
      EXPECT_EQ(event->position, ++position);
      EXPECT_TRUE(numbers.insert(std::atoll(event->payload.c_str())).second) << event->payload;
    }
  }
  EXPECT_EQ(position, (*log)->head());
  std::int64_t rows = 0, differing = 0;
  EXPECT_EQ((*database)->Read([&](Connection& connection) {
    connection.sql() << "SELECT count(*) FROM numbers", soci::into(rows);
    connection.sql() << "SELECT count(*) FROM events WHERE position > "
                        "(SELECT head FROM event_log)",
        soci::into(differing);
    return absl::OkStatus();
  }),
            absl::OkStatus());
  EXPECT_EQ(rows, static_cast<std::int64_t>(numbers.size()));
  EXPECT_EQ(differing, 0);
  return numbers;
}

class CrashTest : public testing::TestWithParam<DatabaseKind> {};

INSTANTIATE_ON_EVERY_DATABASE(CrashTest);

TEST_P(CrashTest, AKilledProcessLosesNothingThatItAnswered) {
  const std::string url = NewDatabaseUrl(GetParam());
  std::mt19937 random(20);
  std::set<std::int64_t> answered;
  std::int64_t first = 1;
  for (int round = 0; round < Rounds(); ++round) {
    const std::size_t answers = random() % kAnswersBeforeKillMax + 1;
    const std::vector<std::int64_t> now_answered = WriteAndKill(url, first, answers);
    EXPECT_GE(now_answered.size(), answers);
    answered.insert(now_answered.begin(), now_answered.end());
    const std::set<std::int64_t> stored = CheckStored(url);
    EXPECT_TRUE(std::includes(stored.begin(), stored.end(), answered.begin(), answered.end()));
    ASSERT_FALSE(stored.empty());
    first = *stored.rbegin() + 1;
  }
}

}  // namespace
}  // namespace marginalia
