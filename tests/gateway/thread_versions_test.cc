#include "gateway/live/thread_versions.h"

#include <gtest/gtest.h>

#include <string>

namespace marginalia {
namespace {

constexpr char kLog[] = "00000000000000a1";

std::int64_t TotalOf(ThreadVersions& versions, const std::string& org, const std::string& id) {
  const auto version = versions.Find(org, id);
  return version ? version->revision : -1;
}

class ThreadVersionsTest : public testing::Test {
 protected:
  ThreadVersionsTest() { versions_.StartFrom({kLog, 100}); }
  ThreadVersions versions_{4};
};

TEST_F(ThreadVersionsTest, AnAnswerIsRememberedWithItsLog) {
  versions_.Learn({kLog, 100}, "northlight", "u1", "u1", 3);
  const auto version = versions_.Find("northlight", "u1");
  ASSERT_TRUE(version.has_value());
  EXPECT_EQ(version->revision, 3);
  EXPECT_EQ(version->log_id, kLog);
  EXPECT_EQ(TotalOf(versions_, "rivalworks", "u1"), -1);
}

TEST_F(ThreadVersionsTest, ATotalOnlyGrows) {
  versions_.Learn({kLog, 105}, "northlight", "u1", "u1", 5);
  versions_.Learn({kLog, 103}, "northlight", "u1", "u1", 3);
  versions_.Raise("northlight", "u1", 4, 104);
  EXPECT_EQ(TotalOf(versions_, "northlight", "u1"), 5);
  versions_.Raise("northlight", "u1", 6, 106);
  EXPECT_EQ(TotalOf(versions_, "northlight", "u1"), 6);
}

TEST_F(ThreadVersionsTest, AnotherNameOfAThreadFollowsItsEvents) {
  versions_.Learn({kLog, 101}, "northlight", "INV-1", "u1", 1);
  versions_.Raise("northlight", "u1", 2, 102);
  EXPECT_EQ(TotalOf(versions_, "northlight", "INV-1"), 2);
}

TEST_F(ThreadVersionsTest, AnAnswerFromBeforeTheStartIsNotBelieved) {
  versions_.Learn({kLog, 99}, "northlight", "u1", "u1", 3);
  versions_.Learn({"00000000000000b2", 150}, "northlight", "u2", "u2", 3);
  EXPECT_EQ(TotalOf(versions_, "northlight", "u1"), -1);
  EXPECT_EQ(TotalOf(versions_, "northlight", "u2"), -1);
}

TEST_F(ThreadVersionsTest, AfterAChangeNobodyKnowsUntilSomethingAsNewTells) {
  versions_.Learn({kLog, 101}, "northlight", "INV-1", "u1", 7);
  versions_.Changed({kLog, 105}, "northlight", "INV-1", "u1");
  EXPECT_EQ(TotalOf(versions_, "northlight", "INV-1"), -1);
  versions_.Learn({kLog, 104}, "northlight", "INV-1", "u1", 7);
  versions_.Raise("northlight", "u1", 8, 103);
  EXPECT_EQ(TotalOf(versions_, "northlight", "u1"), -1);
  versions_.Raise("northlight", "u1", 9, 105);
  EXPECT_EQ(TotalOf(versions_, "northlight", "INV-1"), 9);
  // Its event was here before its answer.
  versions_.Changed({kLog, 105}, "northlight", "INV-1", "u1");
  EXPECT_EQ(TotalOf(versions_, "northlight", "INV-1"), 9);
}

TEST_F(ThreadVersionsTest, AChangeIsNotHiddenByAnOlderAnswerThatComesAfterIt) {
  versions_.Changed({kLog, 105}, "northlight", "u1", "u1");
  versions_.Learn({kLog, 104}, "northlight", "u1", "u1", 7);
  EXPECT_EQ(TotalOf(versions_, "northlight", "u1"), -1);
}

TEST_F(ThreadVersionsTest, AStartForgetsEverything) {
  versions_.Learn({kLog, 100}, "northlight", "u1", "u1", 3);
  versions_.StartFrom({"00000000000000b2", 0});
  EXPECT_EQ(TotalOf(versions_, "northlight", "u1"), -1);
}

TEST_F(ThreadVersionsTest, TheLeastRecentlyUsedGoesFirst) {
  for (const char* id : {"u1", "u2", "u3", "u4"}) versions_.Raise("northlight", id, 1, 101);
  EXPECT_EQ(TotalOf(versions_, "northlight", "u1"), 1);
  versions_.Raise("northlight", "u5", 1, 105);
  EXPECT_EQ(TotalOf(versions_, "northlight", "u1"), 1);
  EXPECT_EQ(TotalOf(versions_, "northlight", "u2"), -1);
  EXPECT_EQ(TotalOf(versions_, "northlight", "u5"), 1);
}

TEST_F(ThreadVersionsTest, AnOldAnswerDoesNotBringAForgottenThreadBack) {
  // The answer was on its way when the event came and the thread was forgotten again.
  versions_.Raise("northlight", "u1", 10, 110);
  for (const char* id : {"u2", "u3", "u4", "u5"}) versions_.Raise("northlight", id, 1, 111);
  versions_.Learn({kLog, 109}, "northlight", "u1", "u1", 9);
  EXPECT_EQ(TotalOf(versions_, "northlight", "u1"), -1);
  versions_.Learn({kLog, 111}, "northlight", "u1", "u1", 10);
  EXPECT_EQ(TotalOf(versions_, "northlight", "u1"), 10);
}

// Making room for the name must not forget the thread, nor believe what it has forgotten.
TEST_F(ThreadVersionsTest, AnOldAnswerUnderAnotherNameDoesNotBringAForgottenThreadBack) {
  versions_.Raise("northlight", "u1", 10, 110);
  for (const char* id : {"u2", "u3", "u4"}) versions_.Raise("northlight", id, 1, 111);
  versions_.Learn({kLog, 109}, "northlight", "INV-1", "u1", 9);
  EXPECT_EQ(TotalOf(versions_, "northlight", "u1"), 10);
  EXPECT_EQ(TotalOf(versions_, "northlight", "INV-1"), -1);
  versions_.Learn({kLog, 111}, "northlight", "INV-1", "u1", 10);
  EXPECT_EQ(TotalOf(versions_, "northlight", "INV-1"), 10);
}

}  // namespace
}  // namespace marginalia
