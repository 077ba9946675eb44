// A program started by a test. It dies with the test, even when the test is killed.
#ifndef MARGINALIA_TESTS_SUPPORT_CHILD_PROCESS_H_
#define MARGINALIA_TESTS_SUPPORT_CHILD_PROCESS_H_

#include <sys/types.h>

#include <string>
#include <vector>

namespace marginalia {

struct ChildOptions {
  // Run as this user when the test runs as root; empty: as the test's own.
  std::string user;
  // Where standard output goes; -1: to the test's standard error.
  int stdout_fd = -1;
  // Where standard error goes; empty: to the test's.
  std::string stderr_path;
};

class ChildProcess {
 public:
  // `arguments` begin with the path of the program.
  explicit ChildProcess(std::vector<std::string> arguments, const ChildOptions& options = {});
  // Kills it if it still runs.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  void Signal(int signal);
  // Waits for its end. Returns its exit code, or 128 + the signal that ended it.
  int Wait();
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = -1;
  int exit_code_ = -1;
};

}  // namespace marginalia

#endif  // MARGINALIA_TESTS_SUPPORT_CHILD_PROCESS_H_
