#include "gateway/api/posted_comment.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <string>

#include "services/errors/errors.h"

namespace marginalia {
namespace {

std::string FieldOf(const std::string& text) {
  const auto request = AddCommentFromJson(text);
  EXPECT_EQ(request.status().code(), absl::StatusCode::kInvalidArgument) << text;
  const auto violations = FieldViolationsOf(request.status());
  return violations.empty() ? ReasonOf(request.status()) : violations.front().field;
}

TEST(PostedCommentTest, IdAndBodyAreReadAsTheyAre) {
  const auto request = AddCommentFromJson(
      R"( { "id" : "6f1e0a52-52b4-4d0c-9a65-3b4c8f7a9d10", "body" : "a\"\\\/\n\t\u00e9\ud83d\ude00é" } )");
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_EQ(request->comment_id(), "6f1e0a52-52b4-4d0c-9a65-3b4c8f7a9d10");
  EXPECT_EQ(request->body(), "a\"\\/\n\t\xC3\xA9\xF0\x9F\x98\x80\xC3\xA9");
}

TEST(PostedCommentTest, TheIdMayBeLeftOut) {
  const auto request = AddCommentFromJson(R"({"body":"x"})");
  ASSERT_TRUE(request.ok());
  EXPECT_EQ(request->comment_id(), "");
}

TEST(PostedCommentTest, WhatItSaysIsLeftToTheServiceToJudge) {
  EXPECT_EQ(AddCommentFromJson(R"({"body":""})")->body(), "");
  EXPECT_EQ(AddCommentFromJson(R"({"body":"\u0000"})")->body(), std::string(1, '\0'));
}

TEST(PostedCommentTest, AMemberThatIsUnknownDoubledMissingOrNoStringIsNamed) {
  EXPECT_EQ(FieldOf(R"({"body":"x","author":"mallory"})"), "author");
  EXPECT_EQ(FieldOf(R"({"body":"x","org":"rivalworks"})"), "org");
  EXPECT_EQ(FieldOf(R"({"body":"x","Body":"x"})"), "Body");
  EXPECT_EQ(FieldOf(R"({"body":"x","":"x"})"), "");
  EXPECT_EQ(FieldOf(R"({"body":"x","body":"y"})"), "body");
  EXPECT_EQ(FieldOf(R"({"id":"x","\u0069d":"y","body":"z"})"), "id");
  EXPECT_EQ(FieldOf(R"({"id":"x"})"), "body");
  EXPECT_EQ(FieldOf(R"({})"), "body");
  for (const char* value : {"null", "1", "-1", "1.5", "true", "false", "{}", "[]", "[\"x\"]"}) {
    EXPECT_EQ(FieldOf(std::string(R"({"body":)") + value + "}"), "body") << value;
    EXPECT_EQ(FieldOf(std::string(R"({"body":"x","id":)") + value + "}"), "id") << value;
  }
}

TEST(PostedCommentTest, WhatIsNoObjectOfJsonInUtf8IsRefused) {
  for (const char* text : {"",
                           " ",
                           "null",
                           "1",
                           "\"body\"",
                           "[]",
                           "[{\"body\":\"x\"}]",
                           "{",
                           "{\"body\"",
                           "{\"body\":",
                           "{\"body\":\"x\"",
                           "{\"body\":\"x\"}}",
                           "{\"body\":\"x\"} x",
                           "{\"body\":\"x\",}",
                           "{'body':'x'}",
                           "{body:\"x\"}",
                           "{\"body\":\"\n\"}",
                           "{\"body\":\"\\x\"}",
                           "{\"body\":\"\\ud800\"}",
                           "{\"body\":\"\\ude00\\ud83d\"}",
                           "\xFF{\"body\":\"x\"}",
                           "\xEF\xBB\xBF",
                           "\xEF\xBB\xBF\xEF\xBB\xBF{\"body\":\"x\"}",
                           "\xEF\xBB{\"body\":\"x\"}",
                           "// x\n{\"body\":\"x\"}",
                           "{\"body\":\"x\" /* y */}",
                           "{\"body\":NaN}",
                           "{\"body\" \"x\"}"}) {
    EXPECT_EQ(FieldOf(text), "JSON_INVALID") << text;
  }
  EXPECT_EQ(FieldOf(std::string("{\"body\":\"x\"}\0", 13)), "JSON_INVALID");
  EXPECT_EQ(FieldOf(std::string(50'000, '[')), "JSON_INVALID");
}

TEST(PostedCommentTest, AMemberThatIsNoUtf8IsNamed) {
  EXPECT_EQ(FieldOf("{\"body\":\"\xFF\"}"), "body");
  EXPECT_EQ(FieldOf("{\"body\":\"x\xC0\xAF\"}"), "body");
  EXPECT_EQ(FieldOf("{\"body\":\"x\",\"id\":\"\xED\xA0\x80\"}"), "id");
}

TEST(PostedCommentTest, AnyTextReadsBackAsItWasWritten) {
  for (int code = 1; code < 0xD800; code += 7) {
    boost::json::object object;
    std::string text;
    if (code < 0x80) {
      text += static_cast<char>(code);
    } else if (code < 0x800) {
      text += static_cast<char>(0xC0 | code >> 6);
      text += static_cast<char>(0x80 | (code & 0x3F));
    } else {
      text += static_cast<char>(0xE0 | code >> 12);
      text += static_cast<char>(0x80 | (code >> 6 & 0x3F));
      text += static_cast<char>(0x80 | (code & 0x3F));
    }
    object["body"] = text;
    const auto request = AddCommentFromJson(boost::json::serialize(object));
    ASSERT_TRUE(request.ok()) << request.status();
    ASSERT_EQ(request->body(), text);
  }
}

TEST(PostedCommentTest, ALongUnknownNameIsCutBetweenCharacters) {
  std::string name = "x";
  for (int i = 0; i < 1000; ++i) name += "\xC3\xA9";
  const auto request = AddCommentFromJson("{\"" + name + "\":1}");
  const std::string field = FieldViolationsOf(request.status()).front().field;
  EXPECT_EQ(field, name.substr(0, 63));
}

}  // namespace
}  // namespace marginalia
