#include "services/text/varint.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <optional>
#include <string>

namespace marginalia {
namespace {

TEST(VarintTest, ANumberIsReadAsItWasSpelled) {
  for (const std::uint64_t value :
       {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{127}, std::uint64_t{128},
        std::uint64_t{16'383}, std::uint64_t{16'384}, std::uint64_t{1} << 63,
        std::numeric_limits<std::uint64_t>::max()}) {
    std::string bytes;
    AppendVarint(bytes, value);
    EXPECT_EQ(VarintOf(bytes), value);
  }
  std::string bytes = "before";
  AppendVarint(bytes, 300);
  EXPECT_EQ(bytes, "before\xAC\x02");
}

TEST(VarintTest, WhatIsNoNumberOrIsSpelledOtherwiseIsRefused) {
  for (const std::string& bytes :
       {std::string(), std::string("\x80"), std::string("\xAC"), std::string("\xAC\x02\x01"),
        std::string("\x01\x01"), std::string("\x81\x00", 2), std::string("\x80\x00", 2),
        // More than 64 bits, and more bytes than those take.
        std::string(9, '\xFF') + "\x7F", std::string(10, '\xFF') + "\x01"}) {
    EXPECT_EQ(VarintOf(bytes), std::nullopt) << testing::PrintToString(bytes);
  }
}

}  // namespace
}  // namespace marginalia
