#include "services/rpc/shield/unread_messages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace marginalia {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(UnreadMessagesTest, TheConnectionWithMostIsEndedWhenThereAreTooMany) {
  UnreadMessages unread;
  const auto at = [&](std::int64_t most) {
    return unread.TooMany({{.id = 1, .messages_to_come = 1, .received_bytes = 1000},
                           {.id = 2, .messages_to_come = 20, .received_bytes = most}});
  };
  EXPECT_THAT(at(kUnreadBytesMax - 1000), IsEmpty());
  EXPECT_THAT(at(kUnreadBytesMax), ElementsAre(2));
}

TEST(UnreadMessagesTest, WhatCameBeforeAllMessagesHadComeWholeIsForgotten) {
  UnreadMessages unread;
  const auto at = [&](std::int64_t to_come, std::int64_t received) {
    return unread.TooMany({{.id = 1, .messages_to_come = to_come, .received_bytes = received}});
  };
  EXPECT_THAT(at(0, 10 * kUnreadBytesMax), IsEmpty());
  EXPECT_THAT(at(1, 11 * kUnreadBytesMax), IsEmpty());
  EXPECT_THAT(at(1, 11 * kUnreadBytesMax + 1), ElementsAre(1));
}

TEST(UnreadMessagesTest, ALargeMessageThatIsTakenOffLateHidesNothing) {
  UnreadMessages unread;
  const auto at = [&](std::int64_t to_come, std::int64_t received) {
    return unread.TooMany({{.id = 1, .messages_to_come = to_come, .received_bytes = received}});
  };
  EXPECT_THAT(at(0, kUnreadBytesMax), IsEmpty());
  EXPECT_THAT(at(1, 0), IsEmpty());
  EXPECT_THAT(at(1, kUnreadBytesMax + 1), ElementsAre(1));
}

}  // namespace
}  // namespace marginalia
