#include "comments-service/verification/tenant_turns.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace marginalia {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

class TenantTurnsTest : public testing::Test {
 protected:
  // Takes one step of whoever's turn it is, who is not done with it.
  std::string Step() {
    auto [org_id, work] = turns_.Take();
    turns_.PutBack(org_id, work);
    return work;
  }
  std::string End() { return turns_.Take().second; }

  TenantTurns<std::string> turns_;
};

TEST_F(TenantTurnsTest, AfterEachStepItIsTheNextTenantsTurn) {
  turns_.Add("a", "a1");
  turns_.Add("b", "b1");
  turns_.Add("c", "c1");
  std::vector<std::string> steps;
  for (int i = 0; i < 6; ++i) steps.push_back(Step());
  EXPECT_THAT(steps, ElementsAre("a1", "b1", "c1", "a1", "b1", "c1"));
}

TEST_F(TenantTurnsTest, WhoAsksForMuchWaitsForHimself) {
  turns_.Add("a", "a1");
  turns_.Add("a", "a2");
  EXPECT_EQ(Step(), "a1");
  turns_.Add("b", "b1");
  EXPECT_EQ(Step(), "a1");
  EXPECT_EQ(End(), "b1");
  // The work that has begun ends before the next of its tenant begins.
  EXPECT_EQ(Step(), "a1");
  EXPECT_EQ(End(), "a1");
  EXPECT_EQ(End(), "a2");
  EXPECT_TRUE(turns_.empty());
}

TEST_F(TenantTurnsTest, ATenantWhoseNextWorkIsNotReadyKeepsItsTurn) {
  turns_.Add("a", "a1");
  turns_.Add("b", "b1");
  turns_.Add("c", "c1");
  const auto taken = turns_.TakeFirst([](const std::string& work) { return work != "a1"; });
  EXPECT_THAT(*taken, Pair("b", "b1"));
  EXPECT_EQ(End(), "a1");
  EXPECT_FALSE(turns_.TakeFirst([](const std::string&) { return false; }).has_value());
  EXPECT_EQ(End(), "c1");
}

TEST_F(TenantTurnsTest, WhatIsWantedIsTakenOfEveryTenantAndTheRestStaysInOrder) {
  for (const char* work : {"a1", "a2 x", "a3"}) turns_.Add("a", work);
  turns_.Add("b", "b1 x");
  turns_.Add("c", "c1");
  const auto is_wanted = [](const std::string& work) { return work.back() == 'x'; };
  EXPECT_THAT(turns_.TakeIf(is_wanted), ElementsAre("a2 x", "b1 x"));
  EXPECT_THAT(turns_.TakeIf(is_wanted), IsEmpty());
  EXPECT_EQ(turns_.size(), 3U);
  EXPECT_EQ(turns_.CountOf("a"), 2U);
  EXPECT_EQ(turns_.CountOf("b"), 0U);
  EXPECT_EQ(End(), "a1");
  EXPECT_EQ(End(), "c1");
  EXPECT_EQ(End(), "a3");
  EXPECT_EQ(turns_.size(), 0U);
}

}  // namespace
}  // namespace marginalia
