#include "services/rpc/gate/request_id.h"

#include <gtest/gtest.h>

#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace marginalia {
namespace {

TEST(RequestIdTest, NewIdsAreValidAndUniqueAcrossThreads) {
  constexpr int kThreads = 4;
  constexpr int kIds = 5000;
  std::mutex mutex;
  std::set<std::string> ids;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < kIds; ++n) {
        const std::string id = NewRequestId();
        const std::lock_guard lock(mutex);
        EXPECT_TRUE(IsRequestId(id));
        ids.insert(id);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(ids.size(), static_cast<std::size_t>(kThreads * kIds));
}

TEST(RequestIdTest, ACallersIdIsShortAndHarmless) {
  EXPECT_TRUE(IsRequestId("aZ09._-"));
  EXPECT_TRUE(IsRequestId(std::string(64, 'a')));
  for (const std::string& id :
       {std::string(), std::string(65, 'a'), std::string("a b"), std::string("a\nb"),
        std::string("a\"b"), std::string("\xC3\xA9")}) {
    EXPECT_FALSE(IsRequestId(id)) << id;
  }
}

}  // namespace
}  // namespace marginalia
