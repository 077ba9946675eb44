#include "tests/bench/postgres_waits.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "tests/bench/postgres_session.h"

namespace marginalia::bench {
namespace {

constexpr std::chrono::milliseconds kBetweenLooks{10};
// Less than that of a session is noise.
constexpr double kSessionsShownMin = 0.02;

constexpr char kLook[] =
    "SELECT coalesce(wait_event_type || ':' || wait_event, 'CPU'), count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    " AND (state = 'active' OR state LIKE 'idle in transaction%') GROUP BY 1";

}  // namespace

PostgresWaits::PostgresWaits(const std::string& url, SessionsByWait& sessions)
    : sessions_(sessions), thread_([this, url] { Look(url); }) {}

PostgresWaits::~PostgresWaits() {
  over_ = true;
  thread_.join();
}

void PostgresWaits::Look(const std::string& url) {
  try {
    PostgresSession session(url);
    int looks = 0;
    for (; !over_; ++looks) {
      for (const auto& row : session.Run(kLook)) sessions_[row[0]] += std::stod(row[1]);
      std::this_thread::sleep_for(kBetweenLooks);
    }
    for (auto& [wait, count] : sessions_) count /= std::max(looks, 1);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "no waits: %s\n", error.what());
    sessions_.clear();
  }
}

std::string Describe(const SessionsByWait& sessions) {
  std::vector<std::pair<double, std::string>> sorted;
  for (const auto& [wait, count] : sessions) {
    if (count >= kSessionsShownMin) sorted.emplace_back(count, wait);
  }
  std::sort(sorted.rbegin(), sorted.rend());
  return absl::StrJoin(sorted, ", ", [](std::string* out, const auto& entry) {
    absl::StrAppendFormat(out, "%s %.2f", entry.second, entry.first);
  });
}

}  // namespace marginalia::bench
