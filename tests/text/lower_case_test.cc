#include "services/text/lower_case.h"

#include <gtest/gtest.h>

namespace marginalia {
namespace {

TEST(LowerCaseTest, CapitalsOfEveryAlphabetBecomeSmallAndAllElseStays) {
  EXPECT_EQ(LowerCase("Dana REYES, INV-1042"), "dana reyes, inv-1042");
  EXPECT_EQ(LowerCase("ÀÖ×ØÞß÷ ĀĂ ĹŇŸŹŽ"), "àö×øþß÷ āă ĺňÿźž");
  EXPECT_EQ(LowerCase("ŁÓDŹ İSTANBUL"), "łódź istanbul");
  EXPECT_EQ(LowerCase("ΆΈΌΏ ΑΣΩ ας"), "άέόώ ασω ας");
  EXPECT_EQ(LowerCase("ЁЖИК Я"), "ёжик я");
  EXPECT_EQ(LowerCase("ԱԲԳ Ɓ"), "աբգ ɓ");
  EXPECT_EQ(LowerCase("ışık"), "işik");
  EXPECT_EQ(LowerCase("山田 \U0001F600 ƀ"), "山田 \U0001F600 ƀ");
}

TEST(LowerCaseTest, BytesThatAreNoCharacterStayAsTheyAre) {
  EXPECT_EQ(LowerCase("\xC3"), "\xC3");
  EXPECT_EQ(LowerCase("A\xFF\xC0\x80Z"), "a\xFF\xC0\x80z");
  EXPECT_EQ(LowerCase(""), "");
}

}  // namespace
}  // namespace marginalia
