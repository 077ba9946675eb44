#include "services/text/utf8.h"

#include <gtest/gtest.h>

#include <string>

namespace marginalia {
namespace {

// By the definition (RFC 3629, section 3), whatever a library does.
std::string Encoded(char32_t c) {
  const auto byte = [](char32_t value) { return static_cast<char>(value); };
  if (c < 0x80) return {byte(c)};
  const char last = byte(0x80 | (c & 0x3F));
  if (c < 0x800) return {byte(0xC0 | c >> 6), last};
  const char third = byte(0x80 | (c >> 6 & 0x3F));
  if (c < 0x10000) return {byte(0xE0 | c >> 12), third, last};
  return {byte(0xF0 | c >> 18), byte(0x80 | (c >> 12 & 0x3F)), third, last};
}

TEST(Utf8Test, EveryCharacterOfUnicodeIsReadAndNoSurrogate) {
  for (char32_t c = 0; c <= 0x10FFFF; ++c) {
    const std::string text = Encoded(c);
    const bool surrogate = c >= 0xD800 && c <= 0xDFFF;
    ASSERT_EQ(IsValidUtf8(text), !surrogate) << std::hex << static_cast<std::uint32_t>(c);
    std::string_view rest = text;
    ASSERT_EQ(TakeCharacter(rest), surrogate ? 0xFFFD : c);
    ASSERT_EQ(rest.empty(), !surrogate);
    ASSERT_FALSE(IsValidUtf8(std::string_view(text).substr(0, text.size() - 1)) && text.size() > 1);
  }
}

TEST(Utf8Test, WhatIsNoUtf8IsTakenByteByByte) {
  for (const std::string text : {"\x80", "\xC0\xAF", "\xE0\x80\xAF", "\xED\xA0\x80",
                                 "\xF4\x90\x80\x80", "\xF8\x88\x80\x80\x80", "\xFF"}) {
    EXPECT_FALSE(IsValidUtf8(text));
    EXPECT_EQ(CountCharacters(text, 10), text.size());
  }
  EXPECT_TRUE(IsValidUtf8("\xEF\xBF\xBD"));
}

TEST(Utf8Test, CharactersAreCountedUpToAsManyAsMatter) {
  EXPECT_EQ(CountCharacters("", 5), 0U);
  EXPECT_EQ(CountCharacters("a\xC3\xA9\xF0\x9F\x98\x80", 5), 3U);
  EXPECT_EQ(CountCharacters("aaaaaaa", 5), 5U);
}

TEST(Utf8Test, WhatNobodySeesIsBlank) {
  for (const char32_t c :
       {U'\t',     U'\u007F',     U'\u0085',     U'\u00A0',     U'\u00AD', U'\u034F',
        U'\u115F', U'\u1160',     U'\u180E',     U'\u200B',     U'\u200D', U'\u2028',
        U'\u202E', U'\u2060',     U'\u2800',     U'\u3000',     U'\u3164', U'\uFE0F',
        U'\uFEFF', U'\uFFA0',     U'\U000E0041', U'\U000E01EF', U'\u2065', U'\uFFF0',
        U'\uFFF8', U'\U000E0000', U'\U000E01F0', U'\U000E0FFF'}) {
    EXPECT_TRUE(IsBlank(Encoded(c))) << std::hex << static_cast<std::uint32_t>(c);
    EXPECT_TRUE(IsBlank(" " + Encoded(c) + Encoded(c)));
    EXPECT_FALSE(IsBlank(Encoded(c) + "x"));
  }
  EXPECT_TRUE(IsBlank(""));
  for (const char32_t c :
       {U'.', U'\u00E9', U'\u2801', U'\u3131', U'\uFFFC', U'\U0001F600', U'\U000E1000'}) {
    EXPECT_FALSE(IsBlank(Encoded(c))) << std::hex << static_cast<std::uint32_t>(c);
  }
}

TEST(Utf8Test, ControlsAndSeparatorsMakeMoreThanOneLine) {
  for (const char* text :
       {"a\nb", "a\r", "\ta", "a\x1B", "\x7F", "a\xC2\x85", "a\xE2\x80\xA8", "a\xE2\x80\xA9"}) {
    EXPECT_FALSE(IsOneLine(text));
  }
  EXPECT_FALSE(IsOneLine(std::string_view("a\0b", 3)));
  EXPECT_TRUE(IsOneLine("Zo\xC3\xAB \xE2\x80\x8F\xD7\x90 \xF0\x9F\x98\x80"));
}

}  // namespace
}  // namespace marginalia
