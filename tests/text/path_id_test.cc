#include "services/text/path_id.h"

#include <gtest/gtest.h>

#include <string>

namespace marginalia {
namespace {

TEST(PathIdTest, WhatCanBeAddressedIsTaken) {
  for (const std::string& id :
       {std::string("INV-1042"), std::string("2026/0017"), std::string("ns:inv_7.b"),
        std::string("a"), std::string("..."), std::string(".a/b."), std::string(64, 'x')}) {
    EXPECT_EQ(FaultOfPathId(id, 64), "") << id;
  }
}

TEST(PathIdTest, WhatBrowsersAndProxiesWouldReadAsAnotherAddressIsRefused) {
  for (const char* id : {".", "..", "../x", "a/../b", "a/.", "./a", "/", "/a", "a/", "a//b"}) {
    EXPECT_EQ(FaultOfPathId(id, 64),
              "must have no part between slashes that is empty, \".\" or \"..\"")
        << id;
  }
}

TEST(PathIdTest, AnyOtherCharacterAndLengthIsRefused) {
  EXPECT_EQ(FaultOfPathId("", 64), "is required");
  EXPECT_EQ(FaultOfPathId(std::string(65, 'x'), 64), "must be at most 64 characters");
  for (const std::string& id : {std::string("a b"), std::string("a%2Fb"), std::string("\xC3\xA9"),
                                std::string("a\0b", 3), std::string("a?b"), std::string("a\\b")}) {
    EXPECT_EQ(FaultOfPathId(id, 64),
              "must consist of letters, digits and the characters . _ : / -");
  }
}

}  // namespace
}  // namespace marginalia
