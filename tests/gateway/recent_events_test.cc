#include "gateway/live/recent_events.h"

#include <gtest/gtest.h>

namespace marginalia {
namespace {

RecentEvent At(std::int64_t position, const std::string& thread, std::size_t bytes = 1) {
  return {position, thread, std::make_shared<const std::string>(bytes, 'x')};
}

std::int64_t PositionAfter(const RecentEvents& events, std::int64_t position,
                           const std::string& thread) {
  const RecentEvent* next = events.Next(position, thread);
  return next == nullptr ? -1 : next->position;
}

TEST(RecentEventsTest, AThreadsEventsFollowOneAnother) {
  RecentEvents events(10, 1000);
  events.StartFrom(100);
  for (std::int64_t position = 101; position <= 106; ++position) {
    events.Add(At(position, position % 2 == 0 ? "even" : "odd"));
  }
  EXPECT_EQ(PositionAfter(events, 100, "even"), 102);
  EXPECT_EQ(PositionAfter(events, 102, "even"), 104);
  EXPECT_EQ(PositionAfter(events, 106, "even"), -1);
  EXPECT_EQ(PositionAfter(events, 100, "other"), -1);
}

TEST(RecentEventsTest, OnlyWhatIsWholeIsCovered) {
  RecentEvents events(3, 1000);
  events.StartFrom(100);
  EXPECT_TRUE(events.Covers(100));
  EXPECT_FALSE(events.Covers(99));
  EXPECT_FALSE(events.Covers(101));
  for (std::int64_t position = 101; position <= 105; ++position) events.Add(At(position, "t"));
  EXPECT_EQ(events.head(), 105);
  EXPECT_TRUE(events.Covers(105));
  EXPECT_TRUE(events.Covers(102));
  EXPECT_FALSE(events.Covers(101));
  EXPECT_EQ(PositionAfter(events, 102, "t"), 103);
}

TEST(RecentEventsTest, WhatAThreadSaidBeforeAnErasingIsNotHereAnyMore) {
  RecentEvents events(100, 1000);
  events.StartFrom(0);
  events.Add(At(1, "t", 100));
  events.Add(At(2, "other", 100));
  events.Add(At(3, "t", 100));
  events.Forget("t");
  events.Add(At(4, "t", 100));
  EXPECT_TRUE(events.Covers(0));
  EXPECT_FALSE(events.Covers(0, "t"));
  EXPECT_FALSE(events.Covers(2, "t"));
  EXPECT_TRUE(events.Covers(3, "t"));
  EXPECT_TRUE(events.Covers(0, "other"));
  EXPECT_TRUE(events.Next(0, "t")->text->empty());
  EXPECT_EQ(PositionAfter(events, 3, "t"), 4);
}

TEST(RecentEventsTest, ManyBytesPushTheOldestOut) {
  RecentEvents events(100, 1000);
  events.StartFrom(0);
  for (std::int64_t position = 1; position <= 20; ++position) events.Add(At(position, "t", 199));
  EXPECT_FALSE(events.Covers(14));
  EXPECT_TRUE(events.Covers(15));
  events.Add(At(21, "t", 5000));
  EXPECT_TRUE(events.Covers(21));
  EXPECT_FALSE(events.Covers(20));
}

}  // namespace
}  // namespace marginalia
