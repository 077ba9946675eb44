#include <gtest/gtest.h>

#include "gateway/http/target.h"
#include "services/errors/errors.h"

namespace marginalia {
namespace {

std::string FieldOf(const absl::Status& status) {
  const auto violations = FieldViolationsOf(status);
  return violations.empty() ? "" : violations.front().field;
}

TEST(RequestTargetTest, APathAndAQueryAreTakenApart) {
  const auto target = SplitTarget("/api/invoices?limit=3?&x");
  ASSERT_TRUE(target.ok());
  EXPECT_EQ(target->path, "/api/invoices");
  EXPECT_EQ(target->query, "limit=3?&x");
}

TEST(RequestTargetTest, AnAbsoluteTargetIsTakenByItsPath) {
  EXPECT_EQ(SplitTarget("http://host:80/api?x=1")->path, "/api");
  EXPECT_EQ(SplitTarget("http://host")->path, "/");
  EXPECT_EQ(SplitTarget("http://host?x=/healthz")->path, "/");
  EXPECT_EQ(SplitTarget("http://host?x=/healthz")->query, "x=/healthz");
}

TEST(RequestTargetTest, WhatIsNoPathIsRefused) {
  for (const char* target :
       {"", "*", "host:443", "api", "?x", "/a#b", "http://host#/a", "http://host?x#/a"}) {
    EXPECT_EQ(ReasonOf(SplitTarget(target).status()), "TARGET_INVALID") << target;
  }
}

TEST(RequestTargetTest, AParameterIsDecodedStrictly) {
  EXPECT_EQ(**QueryParameter("a=1&cursor=x%20y%C3%A9&b=2", "cursor"), "x y\xC3\xA9");
  EXPECT_EQ(**QueryParameter("cursor", "cursor"), "");
  EXPECT_EQ(**QueryParameter("cursor=a=b", "cursor"), "a=b");
  EXPECT_EQ(*QueryParameter("xcursor=1&cursorx=2", "cursor"), std::nullopt);
  for (const char* query : {"cursor=%", "cursor=%0", "cursor=%0d%0a", "cursor=%ff"}) {
    EXPECT_EQ(FieldOf(QueryParameter(query, "cursor").status()), "cursor") << query;
  }
}

TEST(RequestTargetTest, AParameterThatIsThereTwiceIsRefusedByName) {
  EXPECT_EQ(FieldOf(QueryParameter("cursor=a&cursor=a", "cursor").status()), "cursor");
}

TEST(RequestTargetTest, TheLimitIsAWholeNumberFromOneAndIsLoweredToAHundred) {
  EXPECT_EQ(*QueryLimit(""), 20);
  EXPECT_EQ(*QueryLimit("limit=1"), 1);
  EXPECT_EQ(*QueryLimit("limit=100"), 100);
  EXPECT_EQ(*QueryLimit("limit=101"), 100);
  EXPECT_EQ(*QueryLimit("limit=99999999999999999999999999"), 100);
  for (const char* query : {"limit=", "limit=0", "limit=-1", "limit=+1", "limit=1.5", "limit=ten",
                            "limit=1e2", "limit=0x10", "limit=%201", "limit=1&limit=1"}) {
    EXPECT_EQ(FieldOf(QueryLimit(query).status()), "limit") << query;
  }
}

}  // namespace
}  // namespace marginalia
