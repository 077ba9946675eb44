#include "services/text/tenant_key.h"

#include <gtest/gtest.h>

namespace marginalia {
namespace {

TEST(TenantKeyTest, NoTwoPairsGiveTheSame) {
  EXPECT_NE(TenantKey("ab", "c"), TenantKey("a", "bc"));
  EXPECT_NE(TenantKey("", "a"), TenantKey("a", ""));
  std::string key = "of another";
  SetTenantKey(key, "ab", "c");
  EXPECT_EQ(key, TenantKey("ab", "c"));
}

}  // namespace
}  // namespace marginalia
