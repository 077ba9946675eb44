#include "services/events/log/event_ring.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/events/log_under_test.h"

namespace marginalia {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::size_t kNoBound = SIZE_MAX;

std::vector<EventPointer> Events(std::int64_t first, std::int64_t last, std::size_t bytes = 10) {
  std::vector<EventPointer> events;
  for (const std::int64_t position : Range(first, last)) {
    Event event;
    event.position = position;
    event.payload.assign(bytes, 'x');
    events.push_back(std::make_shared<Event>(std::move(event)));
  }
  return events;
}

TEST(EventRingTest, ANewRingCoversTheEndAndNothingBefore) {
  const EventRing ring(4, kNoBound, 10);
  EXPECT_TRUE(ring.Covers(10));
  EXPECT_FALSE(ring.Covers(9));
  EXPECT_THAT(ring.After(10, kNoBound, kNoBound), IsEmpty());
}

TEST(EventRingTest, WhatItForgetsItNoLongerCoversAlsoWhenItComesLate) {
  EventRing ring(8, kNoBound, 10);
  ring.Push(Events(11, 13));
  ring.ForgetUpTo(12);
  EXPECT_FALSE(ring.Covers(11));
  EXPECT_THAT(Positions(ring.After(12, kNoBound, kNoBound)), ElementsAre(13));
  // From another replica, later than that it was rewritten.
  ring.ForgetUpTo(15);
  ring.Push(Events(14, 16));
  EXPECT_EQ(ring.end(), 16);
  EXPECT_FALSE(ring.Covers(14));
  EXPECT_THAT(Positions(ring.After(15, kNoBound, kNoBound)), ElementsAre(16));
}

TEST(EventRingTest, ItGivesWhatFollowsAPosition) {
  EventRing ring(4, kNoBound, 10);
  ring.Push(Events(11, 13));
  EXPECT_THAT(Positions(ring.After(10, kNoBound, kNoBound)), ElementsAre(11, 12, 13));
  EXPECT_THAT(Positions(ring.After(12, kNoBound, kNoBound)), ElementsAre(13));
  EXPECT_THAT(ring.After(13, kNoBound, kNoBound), IsEmpty());
  EXPECT_THAT(ring.After(99, kNoBound, kNoBound), IsEmpty());
}

TEST(EventRingTest, TheOldestMakeRoomForTheNewest) {
  EventRing ring(4, kNoBound, 0);
  ring.Push(Events(1, 6));
  EXPECT_FALSE(ring.Covers(1));
  EXPECT_TRUE(ring.Covers(2));
  EXPECT_THAT(Positions(ring.After(2, kNoBound, kNoBound)), ElementsAre(3, 4, 5, 6));
}

TEST(EventRingTest, LargeEventsMakeItShorter) {
  EventRing ring(100, 5'000, 0);
  ring.Push(Events(1, 20, 1'000));
  EXPECT_TRUE(ring.Covers(16));
  EXPECT_FALSE(ring.Covers(15));
}

TEST(EventRingTest, APageIsBoundedButHoldsAtLeastOneEvent) {
  EventRing ring(100, kNoBound, 0);
  ring.Push(Events(1, 10, 100));
  EXPECT_THAT(Positions(ring.After(0, 3, kNoBound)), ElementsAre(1, 2, 3));
  EXPECT_THAT(Positions(ring.After(0, kNoBound, 150)), ElementsAre(1, 2));
  EXPECT_THAT(Positions(ring.After(0, kNoBound, 1)), ElementsAre(1));
}

TEST(EventRingTest, AfterAGapItStartsAnew) {
  EventRing ring(100, kNoBound, 0);
  ring.Push(Events(1, 3));
  ring.Push(Events(6, 7));
  EXPECT_EQ(ring.end(), 7);
  EXPECT_FALSE(ring.Covers(4));
  EXPECT_THAT(Positions(ring.After(5, kNoBound, kNoBound)), ElementsAre(6, 7));
}

TEST(EventRingTest, WhatItHasAlreadyIsLeftOut) {
  EventRing ring(100, kNoBound, 0);
  ring.Push(Events(1, 3));
  ring.Push(Events(2, 5));
  ring.Push(Events(1, 2));
  EXPECT_THAT(Positions(ring.After(0, kNoBound, kNoBound)), ElementsAre(1, 2, 3, 4, 5));
}

}  // namespace
}  // namespace marginalia
