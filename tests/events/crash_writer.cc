// The program that the crash test kills: appends events and numbers as fast as it can, and tells
// standard output each number whose write was answered OK. Arguments: the database's url, the first
// number.
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <semaphore>
#include <string>

#include "services/events/log/event_log.h"
#include "services/process/stopwatch.h"
#include "services/storage/group/group_commit.h"
#include "tests/events/crash_schema.h"

namespace marginalia {
namespace {

constexpr std::ptrdiff_t kWritesInFlight = 64;

int Run(const std::string& url, std::int64_t first) {
  auto database = Database::Open(url, CrashMigrations());
  if (!database.ok()) {
    std::fprintf(stderr, "%s\n", database.status().ToString().c_str());
    return 1;
  }
  auto log = EventLog::Open(**database, /*start_new_log=*/false);
  if (!log.ok()) return 1;
  std::counting_semaphore in_flight(kWritesInFlight);
  GroupCommit writes(**database, {log->get()}, [](std::string_view) { std::abort(); });
  for (std::int64_t number = first;; ++number) {
    in_flight.acquire();
    writes.Submit(
        SteadyTime::Never(),
        [number, &log = **log](Connection& connection) {
          connection.sql() << "INSERT INTO numbers (number) VALUES (:number)", soci::use(number);
          log.Append(connection, "org", "subject", absl::Now(),
                     [number](std::int64_t) { return std::to_string(number); });
          return absl::OkStatus();
        },
        [number, &in_flight](const absl::Status& status) {
          if (!status.ok() || write(STDOUT_FILENO, &number, sizeof number) != sizeof number) {
            std::abort();
          }
          in_flight.release();
        });
  }
}

}  // namespace
}  // namespace marginalia

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  return marginalia::Run(argv[1], std::atoll(argv[2]));
}
