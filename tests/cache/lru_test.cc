#include "services/cache/lru.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"

namespace marginalia {
namespace {

constexpr std::size_t kPlenty = 1 << 20;
// All in one shard, where who goes first can be told.
using OneShard = Lru<std::string, 1>;

TEST(LruTest, WhatWasInsertedIsFoundUntilItIsErased) {
  Lru<std::string> cache({.entries_max = 100, .bytes_max = kPlenty});
  EXPECT_EQ(cache.Find("a"), std::nullopt);
  cache.Insert("a", "1", 1);
  EXPECT_EQ(cache.Find("a"), "1");
  cache.Insert("a", "2", 1);
  EXPECT_EQ(cache.Find("a"), "2");
  EXPECT_EQ(cache.size(), 1);
  cache.Erase("a");
  EXPECT_EQ(cache.Find("a"), std::nullopt);
  EXPECT_EQ(cache.bytes(), 0);
}

TEST(LruTest, TheOneUsedLongestAgoGoesFirst) {
  OneShard cache({.entries_max = 3, .bytes_max = kPlenty});
  for (const char* key : {"a", "b", "c"}) cache.Insert(key, key, 1);
  ASSERT_TRUE(cache.Find("a").has_value());
  cache.Insert("d", "d", 1);
  EXPECT_FALSE(cache.Find("b").has_value());
  for (const char* key : {"a", "c", "d"}) EXPECT_EQ(cache.Find(key), key);
}

TEST(LruTest, NeitherEntriesNorBytesEverExceedTheirBounds) {
  constexpr LruBounds kBounds = {.entries_max = 256, .bytes_max = 64 * 1024};
  Lru<std::string> cache(kBounds);
  for (int i = 0; i < 10'000; ++i) {
    const std::string value(static_cast<std::size_t>(i * 37 % 2000), 'x');
    cache.Insert(absl::StrCat("key", i % 3000), value, value.size());
    ASSERT_LE(cache.size(), kBounds.entries_max);
    ASSERT_LE(cache.bytes(), kBounds.bytes_max);
  }
  EXPECT_GT(cache.size(), 20);
  cache.Clear();
  EXPECT_EQ(cache.size(), 0);
  EXPECT_EQ(cache.bytes(), 0);
}

TEST(LruTest, AValueLargerThanAShardPushesNothingOut) {
  OneShard cache({.entries_max = 10, .bytes_max = 1000});
  cache.Insert("small", "1", 1);
  cache.Insert("large", "2", 1000);
  EXPECT_FALSE(cache.Find("large").has_value());
  EXPECT_TRUE(cache.Find("small").has_value());
  // Nor does what the key had before stay.
  cache.Insert("small", "3", 1000);
  EXPECT_FALSE(cache.Find("small").has_value());
}

TEST(LruTest, WithoutRoomNothingIsKept) {
  OneShard cache({.entries_max = 0, .bytes_max = kPlenty});
  cache.Insert("a", "1", 1);
  EXPECT_FALSE(cache.Find("a").has_value());
}

TEST(LruTest, WhatWasReadBeforeAnErasureIsNotKept) {
  Lru<std::string> cache({.entries_max = 100, .bytes_max = kPlenty});
  const std::uint64_t before = cache.Generation("a");
  cache.Erase("a");
  cache.Insert("a", "old", 3, before);
  EXPECT_FALSE(cache.Find("a").has_value());
  const std::uint64_t after = cache.Generation("a");
  cache.Insert("a", "new", 3, after);
  EXPECT_EQ(cache.Find("a"), "new");
  cache.Clear();
  cache.Insert("a", "new", 3, after);
  EXPECT_FALSE(cache.Find("a").has_value());
  cache.InsertIf("a", "new", 3, [] { return false; });
  EXPECT_FALSE(cache.Find("a").has_value());
}

TEST(LruTest, AReaderNeverFindsWhatWasErasedBeforeItCame) {
  Lru<std::int64_t> cache({.entries_max = 100, .bytes_max = kPlenty});
  std::atomic<std::int64_t> truth = 0;
  std::atomic<bool> done = false;
  std::vector<std::thread> fillers;
  for (int i = 0; i < 3; ++i) {
    fillers.emplace_back([&] {
      while (!done) {
        const std::uint64_t generation = cache.Generation("a");
        cache.Insert("a", truth, 0, generation);
      }
    });
  }
  for (int i = 1; i <= 20'000; ++i) {
    truth = i;
    cache.Erase("a");
    const std::optional<std::int64_t> found = cache.Find("a");
    EXPECT_EQ(found.value_or(i), i);
  }
  done = true;
  for (std::thread& thread : fillers) thread.join();
}

}  // namespace
}  // namespace marginalia
