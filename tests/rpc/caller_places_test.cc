#include "services/rpc/gate/caller_places.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <vector>

namespace marginalia {
namespace {

Caller CallerOf(const std::string& org, const std::string& user) {
  return Caller{.org_id = org, .user_id = user};
}

TEST(CallerPlacesTest, ACallerHasSoManyPlacesAndGetsThemBack) {
  CallerPlaces places(2);
  const Caller dana = CallerOf("northlight", "dana");
  std::atomic<int>* const taken = places.Take(dana);
  ASSERT_NE(taken, nullptr);
  EXPECT_NE(places.Take(dana), nullptr);
  EXPECT_EQ(places.Take(dana), nullptr);
  taken->fetch_sub(1);
  EXPECT_NE(places.Take(dana), nullptr);
}

TEST(CallerPlacesTest, TenantAndNameTogetherAreOneCaller) {
  CallerPlaces places(1);
  EXPECT_NE(places.Take(CallerOf("a", "bc")), nullptr);
  EXPECT_NE(places.Take(CallerOf("ab", "c")), nullptr);
  EXPECT_NE(places.Take(CallerOf("", "abc")), nullptr);
  EXPECT_EQ(places.Take(CallerOf("a", "bc")), nullptr);
}

TEST(CallerPlacesTest, CallersWithoutACallAreForgottenAndOthersAreNot) {
  CallerPlaces places(1);
  const Caller staying = CallerOf("northlight", "dana");
  ASSERT_NE(places.Take(staying), nullptr);
  for (std::size_t i = 0; i < 4 * kIdleCallersMax; ++i) {
    std::atomic<int>* const taken = places.Take(CallerOf("northlight", std::to_string(i)));
    ASSERT_NE(taken, nullptr);
    taken->fetch_sub(1);
  }
  EXPECT_LE(places.callers(), kIdleCallersMax + 1);
  EXPECT_EQ(places.Take(staying), nullptr);
}

}  // namespace
}  // namespace marginalia
