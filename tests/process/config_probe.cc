// A process that only reads its configuration and prints it, for config_test.
#include <cstdio>
#include <string>

#include "absl/flags/flag.h"
#include "services/process/config.h"
#include "services/process/service_flags.h"

ABSL_FLAG(int, page_count, 7, "How many pages.");
ABSL_FLAG(bool, start_new_log, false, "Whether to start a new log.");
ABSL_FLAG(std::string, color, "green", "The color.");

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
