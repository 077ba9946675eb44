// Two tenants that use the same numbers, ids and each other's tokens are answered as if each were
// alone: 100,000 random operations beside each other, compared with the same ones without the
// other.
#include <gtest/gtest.h>

#include <cstdint>
#include <future>
#include <string>
#include <vector>

#include "tests/isolation/comments_session.h"
#include "tests/support/database_under_test.h"

namespace marginalia {
namespace {

constexpr std::uint64_t kFirstSeed = 20'261'124;
constexpr std::uint64_t kSecondSeed = 42;
constexpr char kFirst[] = "northlight";
constexpr char kSecond[] = "seaside";
constexpr int kOperationsOfRound = kCommentsOneByOne + kCommentsWrites + kCommentsReads;

std::vector<Outcome> Alone(const std::string& url, const char* org_id, std::uint64_t seed,
                           int rounds) {
  CommentsWorld world(url);
  CommentsSession session(world, org_id, seed);
  RunRounds({&session}, rounds);
  return session.outcomes();
}

class CommentsIsolationTest : public testing::TestWithParam<DatabaseKind> {};

INSTANTIATE_ON_EVERY_DATABASE(CommentsIsolationTest);

TEST_P(CommentsIsolationTest, NoAnswerDependsOnTheOtherTenant) {
  // A statement takes PostgreSQL a round trip.
  const int operations = GetParam() == DatabaseKind::kSqlite ? OPERATIONS : OPERATIONS * 2 / 5;
  // The first round is a short one.
  const int rounds = operations / (2 * kOperationsOfRound) + 1;
  SCOPED_TRACE("seeds " + std::to_string(kFirstSeed) + " and " + std::to_string(kSecondSeed));
  // All on this thread: the server ends with the thread that it was started on.
  const std::string first_url = NewDatabaseUrl(GetParam());
  const std::string second_url = NewDatabaseUrl(GetParam());
  const std::string shared_url = NewDatabaseUrl(GetParam());
  auto first_alone = std::async(std::launch::async, Alone, first_url, kFirst, kFirstSeed, rounds);
  auto second_alone =
      std::async(std::launch::async, Alone, second_url, kSecond, kSecondSeed, rounds);
  CommentsWorld world(shared_url);
  CommentsSession first(world, kFirst, kFirstSeed);
  CommentsSession second(world, kSecond, kSecondSeed);
  first.MeetOther(second);
  second.MeetOther(first);
  RunRounds({&first, &second}, rounds);
  EXPECT_GE(first.outcomes().size() + second.outcomes().size(),
            static_cast<std::size_t>(operations));
  ExpectSameOutcomes(first_alone.get(), first.outcomes());
  ExpectSameOutcomes(second_alone.get(), second.outcomes());
}

}  // namespace
}  // namespace marginalia
