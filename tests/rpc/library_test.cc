#include "services/rpc/library.h"

#include <grpc/support/log.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "services/process/log.h"

namespace marginalia {
namespace {

TEST(LibraryTest, WhatCallersCanMakeItSayIsCountedAndSampled) {
  PrepareLibraryOnce();
  const std::int64_t before = LibraryErrors();
  FlushLog();
  testing::internal::CaptureStderr();
  const std::string text(10'000, 'x');
  for (int i = 0; i < 1'000; ++i) gpr_log(GPR_ERROR, "said by a caller: %s", text.c_str());
  FlushLog();
  const std::string logged = testing::internal::GetCapturedStderr();
  EXPECT_EQ(LibraryErrors() - before, 1'000);
  // A minute may end meanwhile.
  const auto lines = std::count(logged.begin(), logged.end(), '\n');
  // Repeated in one process, the minute's lines may all have been taken.
  EXPECT_TRUE(lines >= 1 || before >= kLibraryLinesPerMinuteMax) << before;
  EXPECT_LE(lines, 2 * kLibraryLinesPerMinuteMax);
  EXPECT_LE(logged.size(), static_cast<std::size_t>(lines) * 2 * kLibraryLineBytesMax);
}

}  // namespace
}  // namespace marginalia
