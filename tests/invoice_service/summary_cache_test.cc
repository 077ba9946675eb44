#include "invoice-service/summary_cache.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>

#include "invoice-service/invoice.h"
#include "services/text/uuid.h"

namespace marginalia {
namespace {

constexpr char kId[] = "018f4e2a-9c3b-7d10-8a55-0242ac120002";

CachedInvoicePointer Cached(const std::string& id, const std::string& number,
                            const std::string& encoded) {
  return std::make_shared<CachedInvoice>(CachedInvoice{id, number, encoded, 1});
}

TEST(SummaryCacheTest, AnInvoiceIsFoundByIdAndByNumber) {
  SummaryCache cache;
  cache.Insert("org", Cached(kId, "INV-1", "x"), cache.generation());
  ASSERT_NE(cache.Find("org", kId), nullptr);
  EXPECT_EQ(cache.Find("org", "INV-1"), cache.Find("org", kId));
  EXPECT_EQ(cache.Find("org", "INV-2"), nullptr);
  EXPECT_EQ(cache.Find("org", kId)->summary(), "x");
}

TEST(SummaryCacheTest, AnotherTenantFindsNothing) {
  SummaryCache cache;
  cache.Insert("org", Cached(kId, "INV-1", "x"), cache.generation());
  EXPECT_EQ(cache.Find("other", kId), nullptr);
  EXPECT_EQ(cache.Find("other", "INV-1"), nullptr);
  cache.Invalidate("other", kId);
  EXPECT_NE(cache.Find("org", kId), nullptr);
}

TEST(SummaryCacheTest, AnInvalidationByIdAlsoEndsWhatIsFoundByNumber) {
  SummaryCache cache;
  cache.Insert("org", Cached(kId, "INV-1", "x"), cache.generation());
  cache.Invalidate("org", kId);
  EXPECT_EQ(cache.Find("org", kId), nullptr);
  EXPECT_EQ(cache.Find("org", "INV-1"), nullptr);
}

TEST(SummaryCacheTest, WhatWasReadBeforeAnInvalidationIsNotInserted) {
  SummaryCache cache;
  const std::uint64_t before = cache.generation();
  cache.Invalidate("org", kId);
  cache.Insert("org", Cached(kId, "INV-1", "old"), before);
  EXPECT_EQ(cache.Find("org", kId), nullptr);
  const std::uint64_t before_all = cache.generation();
  cache.InvalidateAll();
  cache.Insert("org", Cached(kId, "INV-1", "old"), before_all);
  EXPECT_EQ(cache.Find("org", "INV-1"), nullptr);
}

TEST(SummaryCacheTest, TheEntriesAreBoundedAndTheOneUsedLastStays) {
  SummaryCache cache(64);
  const std::string kept = NewUuid(absl::UnixEpoch());
  cache.Insert("org", Cached(kept, "kept", "x"), cache.generation());
  int found = 0;
  for (int i = 0; i < 1000; ++i) {
    const std::string id = NewUuid(absl::UnixEpoch());
    cache.Insert("org", Cached(id, "n" + std::to_string(i), "x"), cache.generation());
    found += cache.Find("org", kept) != nullptr;
  }
  EXPECT_EQ(found, 1000);
  int numbers = 0;
  for (int i = 0; i < 1000; ++i) {
    numbers += cache.Find("org", "n" + std::to_string(i)) != nullptr;
  }
  EXPECT_LE(numbers, 128);
}

TEST(SummaryCacheTest, TheBytesAreBounded) {
  SummaryCache cache(1'000'000, 160'000);
  int found = 0;
  for (int i = 0; i < 1000; ++i) {
    cache.Insert(
        "org", Cached(NewUuid(absl::UnixEpoch()), "n" + std::to_string(i), std::string(1000, 'x')),
        cache.generation());
  }
  for (int i = 0; i < 1000; ++i) found += cache.Find("org", "n" + std::to_string(i)) != nullptr;
  EXPECT_GT(found, 0);
  EXPECT_LE(found, 160);
  cache.Insert("org", Cached(kId, "huge", std::string(20'000, 'x')), cache.generation());
  EXPECT_EQ(cache.Find("org", kId), nullptr);
}

TEST(SummaryCacheTest, ACacheOfNothingKeepsNothing) {
  SummaryCache cache(0);
  cache.Insert("org", Cached(kId, "INV-1", "x"), cache.generation());
  EXPECT_EQ(cache.Find("org", kId), nullptr);
}

TEST(SummaryCacheTest, NoReaderFindsWhatWasInvalidatedBeforeItAsked) {
  SummaryCache cache;
  std::atomic<int> stored = 0;       // what the database would say
  std::atomic<int> invalidated = 0;  // up to where the cache has been told
  std::atomic<bool> done = false;
  std::thread reader([&] {
    while (!done) {
      const int at_least = invalidated;
      const CachedInvoicePointer found = cache.Find("org", "INV-1");
      if (found != nullptr) {
        EXPECT_GE(std::stoi(found->encoded), at_least);
        continue;
      }
      const std::uint64_t generation = cache.generation();
      cache.Insert("org", Cached(kId, "INV-1", std::to_string(stored)), generation);
    }
  });
  for (int version = 1; version <= 20'000; ++version) {
    stored = version;
    cache.Invalidate("org", kId);
    invalidated = version;
  }
  done = true;
  reader.join();
}

}  // namespace
}  // namespace marginalia
