#include "services/text/json_string.h"

#include <gtest/gtest.h>

namespace marginalia {
namespace {

std::string Json(std::string_view text) {
  std::string line;
  AppendJsonString(line, text);
  return line;
}

TEST(JsonStringTest, QuotesAndControlsAreEscaped) {
  EXPECT_EQ(Json("say \"hi\"\\\n\t\x7F"), R"("say \"hi\"\\\n\u0009\u007f")");
  EXPECT_EQ(Json(std::string_view("\0", 1)), R"("\u0000")");
}

TEST(JsonStringTest, WhatEndsALineForSomeReaderIsEscaped) {
  EXPECT_EQ(Json("a\xC2\x85\xE2\x80\xA8\xE2\x80\xA9z"), R"("a\u0085\u2028\u2029z")");
}

TEST(JsonStringTest, OtherCharactersStayAndInvalidBytesAreReplaced) {
  EXPECT_EQ(Json("\xC3\xA9\xF0\x9F\x98\x80"), "\"\xC3\xA9\xF0\x9F\x98\x80\"");
  EXPECT_EQ(Json("a\xFF\xED\xA0\x80"), "\"a\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
  EXPECT_EQ(Json("\xEF\xBF\xBD"), "\"\xEF\xBF\xBD\"");
}

}  // namespace
}  // namespace marginalia
