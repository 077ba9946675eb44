// A process that the benchmark started, with what it says on standard error kept in a file. It is
// stopped by pid, at the latest when the owner goes, and dies with the benchmark.
#ifndef MARGINALIA_TESTS_BENCH_STARTED_PROCESS_H_
#define MARGINALIA_TESTS_BENCH_STARTED_PROCESS_H_

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tests/support/child_process.h"

namespace marginalia::bench {

// How long a process may take to listen.
inline constexpr absl::Duration kStartMax = absl::Seconds(20);
// How long it may take to end after SIGTERM before it is killed.
inline constexpr absl::Duration kStopMax = absl::Seconds(15);

class StartedProcess {
 public:
  // Starts `arguments` (the program's path first), writing standard error to `log_path`.
  StartedProcess(std::vector<std::string> arguments, std::string log_path);
  // Stops it.
  ~StartedProcess();

  pid_t pid() const { return child_.pid(); }

  // Waits until the process has logged {"message":"`message`", …} and returns the line's field
  // `field`, a string. Fails, with the end of its log, when it ends without or takes longer than
  // `longest`.
  absl::StatusOr<std::string> Logged(const std::string& message, const std::string& field,
                                     absl::Duration longest = kStartMax);

  // The address that the process says it listens on.
  absl::StatusOr<std::string> Listening() { return Logged("listening", "address"); }

  // SIGTERM, then SIGKILL after kStopMax.
  void Stop();

 private:
  bool Ended() const;
  std::string program_;
  std::string log_path_;
  ChildProcess child_;
};

// A port of 127.0.0.1 that was free just now: for programs that cannot choose one themselves.
int FreePort();

}  // namespace marginalia::bench

#endif  // MARGINALIA_TESTS_BENCH_STARTED_PROCESS_H_
