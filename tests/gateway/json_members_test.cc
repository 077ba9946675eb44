#include "gateway/api/json_members.h"

#include <gtest/gtest.h>

#include "services/errors/errors.h"

namespace marginalia {
namespace {

absl::StatusOr<JsonMembers> Read(std::string_view json) {
  return ReadJsonMembers(json, {"changeId", "comment.id", "comment.body"});
}

// The field that is refused, or the reason where it is none's.
std::string Refused(std::string_view json) {
  const auto read = Read(json);
  if (read.ok()) return "read";
  const auto violations = FieldViolationsOf(read.status());
  return violations.empty() ? ReasonOf(read.status()) : violations.front().field;
}

TEST(JsonMembersTest, MembersOfAnObjectWithinAreNamedByTheirPath) {
  const auto read = Read(R"({"comment":{"body":"Settled.","id":"c"},"changeId":"x"})");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read,
            (JsonMembers{{"changeId", "x"}, {"comment.body", "Settled."}, {"comment.id", "c"}}));
  EXPECT_TRUE(Read("{}")->empty());
  EXPECT_TRUE(Read(R"({"comment":{}})")->empty());
}

TEST(JsonMembersTest, WhatIsUnknownDoubledOrOfAnotherTypeIsNamed) {
  EXPECT_EQ(Refused(R"({"etag":"x"})"), "etag");
  EXPECT_EQ(Refused(R"({"comment":{"author":"x"}})"), "comment.author");
  EXPECT_EQ(Refused(R"({"comment.body":"x"})"), "comment.body");
  EXPECT_EQ(Refused(R"({"body":"x"})"), "body");
  EXPECT_EQ(Refused(R"({"changeId":"x","changeId":"x"})"), "changeId");
  EXPECT_EQ(Refused(R"({"comment":{"id":"x","id":"x"}})"), "comment.id");
  EXPECT_EQ(Refused(R"({"comment":{"id":"x"},"comment":{"body":"x"}})"), "comment");
  EXPECT_EQ(Refused(R"({"comment":"x"})"), "comment");
  EXPECT_EQ(Refused(R"({"comment":null})"), "comment");
  EXPECT_EQ(Refused(R"({"comment":{"body":{"body":"x"}}})"), "comment.body");
  EXPECT_EQ(Refused(R"({"comment":["x"]})"), "comment");
  EXPECT_EQ(Refused(R"({"changeId":1})"), "changeId");
  EXPECT_EQ(Refused(R"({"changeId":{}})"), "changeId");
  for (const char* json : {"", "[]", "\"x\"", "{", "{}{}", R"({"comment":{)", "null"}) {
    EXPECT_EQ(Refused(json), "JSON_INVALID") << json;
  }
}

}  // namespace
}  // namespace marginalia
