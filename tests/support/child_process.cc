#include "tests/support/child_process.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

namespace marginalia {
namespace {

// Between fork and exec only calls that are safe in the child of a process with threads.
[[noreturn]] void Exec(char* const* argv, const passwd* user, int out, int err) {
  if (out >= 0) dup2(out, STDOUT_FILENO);
  if (err >= 0) dup2(err, STDERR_FILENO);
  if (out < 0) dup2(STDERR_FILENO, STDOUT_FILENO);
  if (user != nullptr) {
    const gid_t group = user->pw_gid;
    if (setgroups(1, &group) != 0 || setgid(group) != 0 || setuid(user->pw_uid) != 0) _exit(126);
  }
  // After setuid, which clears it.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  execv(argv[0], argv);
  _exit(127);
}

}  // namespace

ChildProcess::ChildProcess(std::vector<std::string> arguments, const ChildOptions& options) {
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  const passwd* user =
      options.user.empty() || getuid() != 0 ? nullptr : getpwnam(options.user.c_str());
  const int err =
      options.stderr_path.empty()
          ? -1
          : open(options.stderr_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  pid_ = fork();
  if (pid_ == 0) Exec(argv.data(), user, options.stdout_fd, err);
  if (err >= 0) close(err);
  if (pid_ < 0) std::abort();
}

ChildProcess::~ChildProcess() {
  Signal(SIGKILL);
  Wait();
}

void ChildProcess::Signal(int signal) {
  if (pid_ > 0) kill(pid_, signal);
}

int ChildProcess::Wait() {
  if (pid_ < 0) return exit_code_;
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return exit_code_;
}

}  // namespace marginalia
