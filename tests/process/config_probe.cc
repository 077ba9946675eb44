// A process that only reads its configuration and prints it, for config_test.
#include <cstdio>
#include <string>

#include "absl/flags/flag.h"
#include "services/process/config.h"
#include "services/process/service_flags.h"

ABSL_FLAG(int, page_count, 7, "How many pages.");
ABSL_FLAG(bool, start_new_log, false, "Whether to start a new log.");
ABSL_FLAG(std::int64_t, page_bytes, 100, "How large a page is.");
ABSL_FLAG(double, page_share, 0.5, "How much of a page is used.");
ABSL_FLAG(absl::Duration, page_age, absl::Seconds(1), "How old a page gets.");
#ifdef WITHOUT_BOUNDS
ABSL_FLAG(int, page_number, 1, "Which page.");
#endif
ABSL_FLAG(std::string, color, "green", "The color.");

namespace marginalia {
namespace {

const FlagBounds kPageCount("page_count", 1, 1000);
const FlagBounds kPageBytes("page_bytes", std::int64_t{1}, std::int64_t{1} << 40);
const FlagBounds kPageShare("page_share", 0.0, 1.0);
const FlagBounds kPageAge("page_age", absl::Milliseconds(1), absl::Hours(1),
                          FlagBounds::Infinite::kAllowed);

}  // namespace
}  // namespace marginalia

int main(int argc, char** argv) {
  marginalia::ParseConfigOrExit(argc, argv, "config_probe prints its configuration.");
  if (absl::GetFlag(FLAGS_color) == "black") {
    marginalia::ExitOnBadFlag("color", "black is no color");
  }
  std::printf("page_count=%d start_new_log=%d color=%s drain_grace=%s\n",
              absl::GetFlag(FLAGS_page_count), absl::GetFlag(FLAGS_start_new_log) ? 1 : 0,
              absl::GetFlag(FLAGS_color).c_str(),
              absl::FormatDuration(absl::GetFlag(FLAGS_drain_grace)).c_str());
  return 0;
}
