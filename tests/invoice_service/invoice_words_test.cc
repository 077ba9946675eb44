#include "invoice-service/invoice_words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/errors/errors.h"

namespace marginalia {
namespace {

using testing::ElementsAre;

TEST(InvoiceWordsTest, ANumberAndANameAreTakenApartIntoDifferentWordsInSmallLetters) {
  EXPECT_THAT(WordsOfInvoice("INV-1042", "Acme Corp. (Inv)"),
              ElementsAre("inv", "1042", "acme", "corp"));
  EXPECT_THAT(WordsOfInvoice("2026/07:3", "\u00dcBER\u2013\u0416\u00a0\u4f1a\u793e\u3000K"),
              ElementsAre("2026", "07", "3", "\u00fcber", "\u0436", "\u4f1a\u793e", "k"));
  EXPECT_THAT(WordsOfInvoice("1", std::string(100, 'w')),
              ElementsAre("1", std::string(kWordCharactersMax, 'w')));
  std::string many;
  for (int i = 0; i < 50; ++i) many += std::to_string(i) + " ";
  EXPECT_EQ(WordsOfInvoice("x", many).size(), kWordsOfInvoiceMax);
}

TEST(InvoiceWordsTest, ASearchIsItsWordsTheLongestFirst) {
  EXPECT_THAT(*WordsOfSearch("ac INV-10"), ElementsAre("inv", "ac", "10"));
  EXPECT_THAT(*WordsOfSearch(""), ElementsAre());
}

TEST(InvoiceWordsTest, WhatShowsNothingIsNoWord) {
  EXPECT_THAT(WordsOfInvoice("INV-1", "\u3164 Acme \ufe0f"), ElementsAre("inv", "1", "acme"));
  EXPECT_THAT(*WordsOfSearch("\u3164 \u2764\ufe0f"), ElementsAre("\u2764\ufe0f"));
}

TEST(InvoiceWordsTest, ASearchThatCannotBeMeantIsRefused) {
  for (const std::string& bad : {std::string(" - "), std::string("\u3164"),
                                 std::string("\ufe0f \u2800\u115f"), std::string("a b c d e f"),
                                 std::string(kSearchCharactersMax + 1, 'a'), std::string("\xff")}) {
    const auto refused = WordsOfSearch(bad);
    ASSERT_FALSE(refused.ok()) << bad;
    EXPECT_EQ(FieldViolationsOf(refused.status()).at(0).field, "search");
  }
  EXPECT_TRUE(WordsOfSearch(std::string(kSearchCharactersMax, 'a')).ok());
}

TEST(InvoiceWordsTest, EveryWordMustBeginOne) {
  const std::vector<std::string> words = {"inv", "1042", "acme"};
  EXPECT_TRUE(AreBegunBy(words, {"104", "ac"}));
  EXPECT_TRUE(AreBegunBy(words, {"acme"}));
  EXPECT_FALSE(AreBegunBy(words, {"104", "cme"}));
}

}  // namespace
}  // namespace marginalia
