#include "services/text/shown_name.h"

#include <gtest/gtest.h>

#include <string>

namespace marginalia {
namespace {

TEST(ShownNameTest, OneLineWithSomethingToSeeIsAName) {
  for (const char* name : {"Dana Scully", "Zo\xC3\xAB", "\xD7\x93\xD7\xA0\xD7\x94", "O'Brien, Ltd.",
                           "\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x92\xBB"}) {
    EXPECT_EQ(FaultOfName(name, 200), "") << name;
  }
}

TEST(ShownNameTest, WhatNobodySeesIsNone) {
  for (const char* name :
       {"", " ", "\xC2\xA0", "\xE3\x85\xA4", "\xE2\x80\xA8", "\xE2\x80\x8B", "\n"}) {
    EXPECT_EQ(FaultOfName(name, 200), "must not be blank");
  }
}

TEST(ShownNameTest, LinesControlsAndLengthAreRefusedWithTheirReason) {
  for (const std::string& name : {std::string("Dana\nScully"), std::string("a\xE2\x80\xA8z"),
                                  std::string("a\x1B[31m"), std::string("a\0b", 3)}) {
    EXPECT_EQ(FaultOfName(name, 200), "must be one line without control characters");
  }
  EXPECT_EQ(FaultOfName("a\xFF", 200), "must be valid UTF-8");
  std::string longest;
  for (int i = 0; i < 200; ++i) longest += "\xC3\xA9";
  EXPECT_EQ(FaultOfName(longest, 200), "");
  EXPECT_EQ(FaultOfName(longest + "e", 200), "must be at most 200 characters");
}

}  // namespace
}  // namespace marginalia
