#include "services/text/base64url.h"

#include <gtest/gtest.h>

#include <string>

namespace marginalia {
namespace {

TEST(Base64UrlTest, BytesOfEveryLengthComeBack) {
  std::string bytes;
  for (int length = 0; length < 70; ++length) {
    EXPECT_EQ(DecodeBase64Url(EncodeBase64Url(bytes)), bytes);
    bytes += static_cast<char>(length * 37);
  }
}

TEST(Base64UrlTest, TheAlphabetIsUrlSafeAndUnpadded) {
  EXPECT_EQ(EncodeBase64Url("\xFB\xFF\xFE"), "-__-");
  EXPECT_EQ(EncodeBase64Url("f"), "Zg");
  EXPECT_EQ(EncodeBase64Url("fo"), "Zm8");
}

TEST(Base64UrlTest, OnlyTheOneSpellingIsRead) {
  for (const char* text : {"Zh", "Zm9", "Zg==", "Z", "Zm8=", "+/+/", "Zm 8", "Zg\n"}) {
    EXPECT_FALSE(DecodeBase64Url(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace marginalia
