#include "services/rpc/shield/unread_messages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unordered_set>
#include <vector>

namespace marginalia {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class UnreadMessagesTest : public testing::Test {
 protected:
  // So many looks that all find the same.
  std::unordered_set<std::int64_t> Look(const std::vector<ServedConnection>& connections,
                                        int looks = kLooksBeforeEnd) {
    std::unordered_set<std::int64_t> found;
    for (int i = 0; i < looks; ++i) found = unread_.TooMany(connections);
    return found;
  }
  std::unordered_set<std::int64_t> LookAtOne(std::int64_t to_come, std::int64_t received,
                                             int looks = kLooksBeforeEnd) {
    return Look({{.id = 1, .messages_to_come = to_come, .received_bytes = received}}, looks);
  }

  UnreadMessages unread_;
};

TEST_F(UnreadMessagesTest, TheConnectionWithMostIsEndedWhenThereAreTooMany) {
  const auto at = [&](std::int64_t most) {
    return Look({{.id = 1, .messages_to_come = 1, .received_bytes = 1000},
                 {.id = 2, .messages_to_come = 20, .received_bytes = most}});
  };
  EXPECT_THAT(at(kUnreadBytesMax - 1000), IsEmpty());
  EXPECT_FALSE(unread_.found_too_many());
  EXPECT_THAT(at(kUnreadBytesMax), ElementsAre(2));
  EXPECT_TRUE(unread_.found_too_many());
}

TEST_F(UnreadMessagesTest, WhatCameBeforeAllMessagesHadComeWholeIsForgotten) {
  EXPECT_THAT(LookAtOne(0, 10 * kUnreadBytesMax), IsEmpty());
  EXPECT_THAT(LookAtOne(1, 11 * kUnreadBytesMax), IsEmpty());
  EXPECT_THAT(LookAtOne(1, 11 * kUnreadBytesMax + 1), ElementsAre(1));
}

// It carries many calls, and nobody has looked at it for long.
TEST_F(UnreadMessagesTest, AConnectionThatHasAMessageUnderWayNowAndThenIsNotEnded) {
  EXPECT_THAT(LookAtOne(3, 10 * kUnreadBytesMax, kLooksBeforeEnd - 1), IsEmpty());
  EXPECT_TRUE(unread_.found_too_many());
  EXPECT_THAT(LookAtOne(0, 10 * kUnreadBytesMax, 1), IsEmpty());
  EXPECT_FALSE(unread_.found_too_many());
  EXPECT_THAT(LookAtOne(3, 11 * kUnreadBytesMax), IsEmpty());
}

TEST_F(UnreadMessagesTest, ALargeMessageThatIsTakenOffLateHidesNothing) {
  EXPECT_THAT(LookAtOne(0, kUnreadBytesMax), IsEmpty());
  EXPECT_THAT(LookAtOne(1, 0), IsEmpty());
  EXPECT_THAT(LookAtOne(1, kUnreadBytesMax + 1), ElementsAre(1));
}

}  // namespace
}  // namespace marginalia
