#include "gateway/http/etag.h"

#include <gtest/gtest.h>

#include <set>

namespace marginalia {
namespace {

ThreadPageVersion Version() {
  return {"00000000000000a1", "northlight", "INV-1042", "", "", 20, 3};
}

struct Conditional : HttpRequest {
  explicit Conditional(std::initializer_list<HeaderField> fields) { headers = fields; }
};

TEST(EtagTest, TheSamePageHasTheSameTagEverywhere) {
  EXPECT_EQ(ThreadPageTag(Version()), ThreadPageTag(Version()));
  // Written down, so that gateways of two versions agree during a rolling restart.
  EXPECT_EQ(ThreadPageTag(Version()), "W/\"e19dba1341586d89-3\"");
}

TEST(EtagTest, WhateverShowsChangesTheTag) {
  std::set<std::string> tags = {ThreadPageTag(Version())};
  const auto add = [&tags](auto change) {
    ThreadPageVersion version = Version();
    change(version);
    EXPECT_TRUE(tags.insert(ThreadPageTag(version)).second);
  };
  add([](ThreadPageVersion& version) { version.log_id = "00000000000000b2"; });
  add([](ThreadPageVersion& version) { version.org_id = "rivalworks"; });
  add([](ThreadPageVersion& version) { version.invoice_id = "INV-1043"; });
  add([](ThreadPageVersion& version) { version.cursor = "x"; });
  add([](ThreadPageVersion& version) { version.around = "x"; });
  add([](ThreadPageVersion& version) { version.limit = 21; });
  add([](ThreadPageVersion& version) { version.revision = 4; });
  add([](ThreadPageVersion& version) {
    version.org_id = "northlightI";
    version.invoice_id = "NV-1042";
  });
}

TEST(EtagTest, AConditionNamesOneTagOrMoreOrAnything) {
  const std::string tag = "\"a-1\"";
  for (const char* value :
       {"\"a-1\"", "W/\"a-1\"", "\"x\", \"a-1\"", "\"x\",W/\"a-1\" ,\"y\"", ",, \"a-1\"", "*"}) {
    EXPECT_TRUE(NamesTag(Conditional({{"If-None-Match", value}}), tag)) << value;
  }
  for (const char* value :
       {"", "a-1", "\"a-1", "\"x\"", "\"a-1x\"", "w/\"a-1\"", "\"x\" junk \"a-1\"", "\"x\", *"}) {
    EXPECT_FALSE(NamesTag(Conditional({{"If-None-Match", value}}), tag)) << value;
  }
  EXPECT_FALSE(NamesTag(Conditional({}), tag));
  EXPECT_TRUE(NamesTag(Conditional({{"if-none-match", "\"x\""}, {"IF-NONE-MATCH", tag}}), tag));
  EXPECT_TRUE(NamesTag(Conditional({{"If-None-Match", "\"a-1\""}}), "W/\"a-1\""));
}

TEST(EtagTest, ATagIsKnownBehindTheCodingThatAProxyOrWeAddedToIt) {
  for (const char* value :
       {"\"a-1-gzip\"", "W/\"a-1-gzip\"", "\"a-1-br\"", "\"x\", \"a-1--gzip\"", "W/\"a-1;gzip\""}) {
    EXPECT_TRUE(NamesTag(Conditional({{"If-None-Match", value}}), "W/\"a-1\"")) << value;
  }
  for (const char* value : {"\"a-1-zip\"", "\"a-1gzip\"", "\"-gzip\"", "\"a-1-gzip-gzip\""}) {
    EXPECT_FALSE(NamesTag(Conditional({{"If-None-Match", value}}), "W/\"a-1\"")) << value;
  }
}

TEST(EtagTest, IfMatchNamesOneTagAsItWasGivenOrAsAProxyMadeItWeak) {
  EXPECT_EQ(*IfMatch(Conditional({})), "");
  EXPECT_EQ(*IfMatch(Conditional({{"If-Match", "\"a-1\""}})), "a-1");
  EXPECT_EQ(*IfMatch(Conditional({{"If-Match", "\"a-1-gzip\""}})), "a-1");
  for (const char* weak : {"W/\"a-1\"", "W/\"a-1-gzip\""}) {
    const absl::StatusOr<std::string> named = IfMatch(Conditional({{"If-Match", weak}}));
    ASSERT_TRUE(named.ok()) << weak;
    EXPECT_EQ(*named, "a-1") << weak;
  }
  EXPECT_EQ(StrongTag("a-1"), "\"a-1\"");
  for (const char* value : {"a-1", "\"\"", "W/", "W/a-1", "w/\"a-1\"", "*", "\"a\", \"b\"", "\""}) {
    EXPECT_FALSE(IfMatch(Conditional({{"If-Match", value}})).ok()) << value;
  }
}

TEST(EtagTest, AWeakTagChangesWithItsText) {
  std::set<std::string> tags;
  std::string text;
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(tags.insert(WeakTag(text)).second);
    text += '\0';
  }
  EXPECT_EQ(WeakTag("x").substr(0, 3), "W/\"");
}

}  // namespace
}  // namespace marginalia
