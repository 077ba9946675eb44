#include "services/process/log.h"

#include <gtest/gtest.h>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <chrono>
#include <limits>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "services/text/json_string.h"

namespace marginalia {
namespace {

namespace json = boost::json;

// What `act` makes the log write, line by line.
template <typename Act>
std::vector<std::string> LinesOf(const Act& act) {
  FlushLog();
  testing::internal::CaptureStderr();
  act();
  FlushLog();
  std::istringstream output(testing::internal::GetCapturedStderr());
  std::vector<std::string> lines;
  for (std::string line; std::getline(output, line);) lines.push_back(line);
  return lines;
}

json::object Parsed(const std::string& line) { return json::parse(line).as_object(); }

std::string Quoted(std::string_view text) {
  std::string quoted;
  AppendJsonString(quoted, text);
  return quoted;
}

TEST(LogTest, ALineIsOneJsonObjectWithItsFields) {
  NameProcess("log-test");
  const auto lines = LinesOf([] {
    Log(Severity::kWarning, "something happened",
        {{"text", "a"}, {"count", std::int64_t{-3}}, {"ratio", 0.5}, {"flag", true}});
  });
  ASSERT_EQ(lines.size(), 1U);
  const json::object line = Parsed(lines[0]);
  EXPECT_EQ(line.at("severity"), "warning");
  EXPECT_EQ(line.at("process"), "log-test");
  EXPECT_EQ(line.at("message"), "something happened");
  EXPECT_EQ(line.at("text"), "a");
  EXPECT_EQ(line.at("count"), -3);
  EXPECT_EQ(line.at("ratio"), 0.5);
  EXPECT_EQ(line.at("flag"), true);
}

TEST(LogTest, TheTimeIsNowInUtc) {
  const absl::Time before = absl::Now() - absl::Microseconds(1);
  const auto lines = LinesOf([] { Log(Severity::kInfo, "now"); });
  ASSERT_EQ(lines.size(), 1U);
  const std::string text(Parsed(lines[0]).at("time").as_string());
  ASSERT_EQ(text.size(), std::string("2026-01-01T00:00:00.000000Z").size());
  absl::Time time;
  std::string error;
  ASSERT_TRUE(absl::ParseTime(absl::RFC3339_full, text, &time, &error)) << error;
  EXPECT_GE(time, before);
  EXPECT_LE(time, absl::Now());
}

TEST(LogTest, LineBreaksInAValueDoNotBreakTheLine) {
  const std::string forged = "x\r\n{\"severity\":\"error\"}\xE2\x80\xA8\xC2\x85y";
  const auto lines = LinesOf([&forged] {
    Log(Severity::kInfo, "a", {{"text", std::string_view(forged)}});
  });
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0].find("\xE2\x80\xA8"), std::string::npos);
  EXPECT_EQ(Parsed(lines[0]).at("text").as_string(), std::string_view(forged));
}

TEST(LogTest, InvalidUtf8BecomesTheReplacementCharacter) {
  EXPECT_EQ(Quoted("a\xFFz"), "\"a\xEF\xBF\xBDz\"");
  EXPECT_EQ(Quoted("\xC0\xAF"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");
  EXPECT_EQ(Quoted("\xED\xA0\x80"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
  EXPECT_EQ(Quoted("\xF4\x90\x80\x80").size(), 2 + 4 * 3U);
  EXPECT_EQ(Quoted("\xE2\x82"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");
}

TEST(LogTest, ValidTextOfEveryLengthIsKept) {
  const std::string text = "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80z";
  EXPECT_EQ(Quoted(text), "\"" + text + "\"");
}

TEST(LogTest, QuotesBackslashesAndControlsAreEscaped) {
  EXPECT_EQ(Quoted("\"\\\n\x01\x7F" + std::string(1, '\0')),
            "\"\\\"\\\\\\n\\u0001\\u007f\\u0000\"");
}

TEST(LogTest, ANumberThatJsonLacksIsNull) {
  const auto lines = LinesOf([] {
    Log(Severity::kInfo, "a", {{"x", std::numeric_limits<double>::infinity()}});
  });
  EXPECT_TRUE(Parsed(lines.at(0)).at("x").is_null());
}

TEST(LogTest, LinesOfManyThreadsStayWhole) {
  constexpr int kThreads = 4;
  constexpr int kLines = 500;
  const auto lines = LinesOf([] {
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([] {
        for (int n = 0; n < kLines; ++n) Log(Severity::kInfo, "many", {{"n", std::int64_t{n}}});
      });
    }
    for (std::thread& thread : threads) thread.join();
  });
  ASSERT_EQ(lines.size(), static_cast<std::size_t>(kThreads * kLines));
  for (const std::string& line : lines) EXPECT_EQ(Parsed(line).at("message"), "many");
}

TEST(LogTest, LinesBeyondTheLimitAreDroppedAndCounted) {
  const std::int64_t before = LogLinesDropped();
  const std::string too_long(kLogBytesPendingMax, 'x');
  const auto lines = LinesOf([&too_long] {
    LogLine(too_long);
    LogLine("{}");
  });
  EXPECT_EQ(lines, std::vector<std::string>{"{}"});
  EXPECT_EQ(LogLinesDropped(), before + 1);
}

}  // namespace
}  // namespace marginalia
