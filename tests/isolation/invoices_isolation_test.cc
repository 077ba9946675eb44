// The same as comments_isolation_test.cc for invoices, their summaries and their comment counts.
#include <gtest/gtest.h>

#include <cstdint>
#include <future>
#include <string>
#include <vector>

#include "tests/isolation/invoices_session.h"
#include "tests/support/database_under_test.h"

namespace marginalia {
namespace {

constexpr std::uint64_t kFirstSeed = 19'700'101;
constexpr std::uint64_t kSecondSeed = 1042;
constexpr char kFirst[] = "northlight";
constexpr char kSecond[] = "seaside";
constexpr int kOperationsOfRound = kInvoicesOneByOne + kInvoicesWrites + kInvoicesReads;

std::vector<Outcome> Alone(const std::string& url, const char* org_id, std::uint64_t seed,
                           int rounds) {
  InvoicesWorld world(url);
  InvoicesSession session(world, org_id, seed);
  RunRounds({&session}, rounds);
  return session.outcomes();
}

class InvoicesIsolationTest : public testing::TestWithParam<DatabaseKind> {};

INSTANTIATE_ON_EVERY_DATABASE(InvoicesIsolationTest);

TEST_P(InvoicesIsolationTest, NoAnswerDependsOnTheOtherTenant) {
  // A statement takes PostgreSQL a round trip.
  const int operations = GetParam() == DatabaseKind::kSqlite ? 40'000 : 16'000;
  const int rounds = operations / (2 * kOperationsOfRound);
  SCOPED_TRACE("seeds " + std::to_string(kFirstSeed) + " and " + std::to_string(kSecondSeed));
  // All on this thread: the server ends with the thread that it was started on.
  const std::string first_url = NewDatabaseUrl(GetParam());
  const std::string second_url = NewDatabaseUrl(GetParam());
  const std::string shared_url = NewDatabaseUrl(GetParam());
  auto first_alone = std::async(std::launch::async, Alone, first_url, kFirst, kFirstSeed, rounds);
  auto second_alone =
      std::async(std::launch::async, Alone, second_url, kSecond, kSecondSeed, rounds);
  InvoicesWorld world(shared_url);
  InvoicesSession first(world, kFirst, kFirstSeed);
  InvoicesSession second(world, kSecond, kSecondSeed);
  first.MeetOther(second);
  second.MeetOther(first);
  RunRounds({&first, &second}, rounds);
  ExpectSameOutcomes(first_alone.get(), first.outcomes());
  ExpectSameOutcomes(second_alone.get(), second.outcomes());
}

}  // namespace
}  // namespace marginalia
