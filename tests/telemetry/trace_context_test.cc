#include "services/telemetry/trace_context.h"

#include <gtest/gtest.h>

#include <string>

namespace marginalia {
namespace {

constexpr char kTraceparent[] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

TEST(TraceContextTest, ATraceparentIsReadAndWrittenAsItIs) {
  const auto context = ParseTraceparent(kTraceparent);
  ASSERT_TRUE(context.has_value());
  EXPECT_TRUE(context->present());
  EXPECT_TRUE(context->sampled);
  EXPECT_EQ(TraceIdText(*context), "0af7651916cd43dd8448eb211c80319c");
  EXPECT_EQ(SpanIdText(context->span_id), "b7ad6b7169203331");
  EXPECT_EQ(FormatTraceparent(*context), kTraceparent);
  EXPECT_FALSE(TraceContext().present());
}

TEST(TraceContextTest, OfTheFlagsOnlySampledIsReadAndTheOthersArePassedOnAsZero) {
  const std::string stem = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-";
  EXPECT_FALSE(ParseTraceparent(stem + "00")->sampled);
  EXPECT_FALSE(ParseTraceparent(stem + "fe")->sampled);
  EXPECT_TRUE(ParseTraceparent(stem + "ff")->sampled);
  EXPECT_EQ(FormatTraceparent(*ParseTraceparent(stem + "ff")), stem + "01");
}

TEST(TraceContextTest, ALaterVersionMaySayMoreAndIsWrittenAsVersionZero) {
  const std::string rest = "-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  for (const std::string& later : {"cc" + rest, "cc" + rest + "-", "fe" + rest + "-what.follows"}) {
    const auto context = ParseTraceparent(later);
    ASSERT_TRUE(context.has_value()) << later;
    EXPECT_EQ(FormatTraceparent(*context), kTraceparent);
  }
  EXPECT_FALSE(ParseTraceparent("cc" + rest + "x").has_value());
  EXPECT_FALSE(ParseTraceparent("cc" + rest + ".").has_value());
}

class NoTraceparent : public testing::TestWithParam<std::string> {};

TEST_P(NoTraceparent, IsNotRead) { EXPECT_FALSE(ParseTraceparent(GetParam()).has_value()); }

INSTANTIATE_TEST_SUITE_P(
    Hostile, NoTraceparent,
    testing::Values("", "-", "00", "00-", std::string(55, '0'), std::string(55, '-'),
                    std::string(10'000, 'a'),
                    // Version ff, upper case, and letters that are no digits.
                    "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                    "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
                    "00-0af7651916cd43dd8448eb211c80319c-B7AD6B7169203331-01",
                    "0x-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                    "00-0af7651916cd43dd8448eb211c80319g-b7ad6b7169203331-01",
                    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b716920333.-01",
                    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0x",
                    "00-+af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                    // No id is all zero.
                    "00-00000000000000000000000000000000-b7ad6b7169203331-01",
                    "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
                    // Too much, too little, and hyphens elsewhere.
                    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-",
                    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
                    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1",
                    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
                    "00_0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                    "00-0af7651916cd43dd8448eb211c80319-cb7ad6b7169203331-01",
                    " 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01 ",
                    // Several in one header, and bytes that are no text.
                    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01,"
                    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                    std::string("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0\0", 55),
                    "\xff\xfe-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"));

TEST(TraceContextTest, ATracestateIsAListOfMembersEachWithAKeyOfItsOwn) {
  for (const std::string& good :
       {std::string("rojo=00f067aa0ba902b7"), std::string("rojo=1,congo=t61rcWkgMzE"),
        std::string("a=b , c=d\t,\te=f"), std::string("a=b,,c=d,"),
        std::string("fw529a3039@dt=FfAA; / ~!"), std::string("0tenant@system=1"),
        "a=" + std::string(256, 'x')}) {
    EXPECT_TRUE(IsTracestate(good)) << good;
  }
}

TEST(TraceContextTest, WhatIsNoTracestateOrBeyondTheLimitsIsNot) {
  std::string members;
  for (int i = 0; i < 33; ++i) members += "k" + std::to_string(i) + "=v,";
  for (const std::string& bad : {std::string(),
                                 std::string(" , ,"),
                                 std::string("a"),
                                 std::string("=b"),
                                 std::string("a="),
                                 std::string("a=b,a=c"),
                                 std::string("A=b"),
                                 std::string("1a=b"),
                                 std::string("a b=c"),
                                 std::string("a=b=c"),
                                 std::string("a=b\r\nx: y"),
                                 std::string("a=\x01"),
                                 std::string("a=\xc3\xa9"),
                                 std::string("tenant@=b"),
                                 std::string("@vendor=b"),
                                 std::string("a@b@c=d"),
                                 std::string("tenant@toolongavendorname=b"),
                                 members,
                                 "a=" + std::string(257, 'x'),
                                 std::string(513, 'a') + "=b"}) {
    EXPECT_FALSE(IsTracestate(bad)) << bad;
  }
}

}  // namespace
}  // namespace marginalia
