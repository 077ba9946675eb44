#include "gateway/api/json_members.h"

#include <gtest/gtest.h>

#include <limits>

#include "services/errors/errors.h"

namespace marginalia {
namespace {

absl::StatusOr<JsonMembers> Read(std::string_view json) {
  using Kind = JsonMember::Kind;
  return ReadJsonMembers(json, {"changeId",
                                "comment.id",
                                "comment.body",
                                {"comment.mentions", Kind::kTexts},
                                {"mentions", Kind::kTexts},
                                {"sequence", Kind::kWholeNumber}});
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
  EXPECT_EQ(read->texts,
            (std::map<std::string, std::string, std::less<>>{
                {"changeId", "x"}, {"comment.body", "Settled."}, {"comment.id", "c"}}));
  EXPECT_TRUE(Read("{}")->texts.empty());
  EXPECT_TRUE(Read("{}")->objects.empty());
  EXPECT_TRUE(Read(R"({"comment":{}})")->texts.empty());
  EXPECT_TRUE(Read(R"({"comment":{}})")->objects.contains("comment"));
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

TEST(JsonMembersTest, TheTextsOfAnArrayComeInTheirOrder) {
  auto read = Read(R"({"mentions":["a","","\u00e9\n"],"comment":{"mentions":["b"]}})");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->TakeTexts("mentions"), (std::vector<std::string>{"a", "", "\xC3\xA9\n"}));
  EXPECT_EQ(read->TakeTexts("comment.mentions"), std::vector<std::string>{"b"});
  EXPECT_TRUE(Read(R"({"mentions":[]})")->TakeTexts("mentions").empty());
  EXPECT_TRUE(read->TakeTexts("others").empty());
  auto long_text = Read("{\"mentions\":[\"" + std::string(100'000, 'x') + "\"]}");
  EXPECT_EQ(long_text->TakeTexts("mentions").front().size(), 100'000U);
}

TEST(JsonMembersTest, WhatIsNoArrayOfTextsIsNamedByItsElement) {
  EXPECT_EQ(Refused(R"({"mentions":["a",1]})"), "mentions[1]");
  EXPECT_EQ(Refused(R"({"mentions":[null]})"), "mentions[0]");
  EXPECT_EQ(Refused(R"({"mentions":[["a"]]})"), "mentions[0]");
  EXPECT_EQ(Refused(R"({"mentions":[{"a":"b"}]})"), "mentions[0]");
  EXPECT_EQ(Refused(R"({"mentions":"a"})"), "mentions");
  EXPECT_EQ(Refused(R"({"mentions":null})"), "mentions");
  EXPECT_EQ(Refused(R"({"mentions":{}})"), "mentions");
  EXPECT_EQ(Refused(R"({"mentions":["a"],"mentions":["b"]})"), "mentions");
  EXPECT_EQ(Refused(R"({"mentions":[],"mentions":[]})"), "mentions");
  EXPECT_EQ(Refused(R"({"mentions[0]":"a"})"), "mentions[0]");
  EXPECT_EQ(Refused(R"({"mentions[]":"a"})"), "mentions[]");
  EXPECT_EQ(Refused(R"({"mentions":["a")"), "JSON_INVALID");
  std::string many = "{\"mentions\":[\"x\"";
  for (std::size_t i = 1; i < kJsonTextsMax; ++i) many += ",\"x\"";
  EXPECT_EQ(Refused(many + "]}"), "read");
  EXPECT_EQ(Refused(many + ",\"x\"]}"), "mentions");
}

TEST(JsonMembersTest, AWholeNumberIsReadAndAnyOtherIsNamed) {
  EXPECT_EQ(Read(R"({"sequence":0})")->numbers.at("sequence"), 0);
  EXPECT_EQ(Read(R"({"sequence":-9223372036854775808})")->numbers.at("sequence"),
            std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(Read(R"({"sequence":9223372036854775807})")->numbers.at("sequence"),
            std::numeric_limits<std::int64_t>::max());
  for (const char* other : {"9223372036854775808", "1.5", "1e3", "\"1\"", "null", "true", "[1]"}) {
    EXPECT_EQ(Refused(std::string("{\"sequence\":") + other + "}"), "sequence") << other;
  }
  EXPECT_EQ(Refused(R"({"sequence":1,"sequence":1})"), "sequence");
}

}  // namespace
}  // namespace marginalia
