#include "services/process/shutdown.h"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdlib>

#include "services/process/log.h"

namespace marginalia {

struct Shutdown::State {
  int signals = -1;
  int failure = -1;
  std::atomic<bool> failed = false;
};

Shutdown::Shutdown() : state_(new State) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  // A peer that hangs up is an error of one connection, not the end of the process.
  signal(SIGPIPE, SIG_IGN);
  state_->signals = signalfd(-1, &set, SFD_CLOEXEC);
  state_->failure = eventfd(0, EFD_CLOEXEC);
  if (state_->signals < 0 || state_->failure < 0) {
    Log(Severity::kError, "no file descriptor is left to wait for signals with");
    FlushLog();
    std::_Exit(1);
  }
}

// The signals stay blocked: one that comes while the process ends must not turn its exit code of 0
// into a death by signal.
Shutdown::~Shutdown() {
  close(state_->signals);
  close(state_->failure);
  delete state_;
}

void Shutdown::Fail(std::string_view reason) {
  if (state_->failed.exchange(true)) return;
  Log(Severity::kError, "the process cannot go on and ends", {{"reason", reason}});
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = write(state_->failure, &one, sizeof(one));
}

bool Shutdown::failed() const { return state_->failed.load(); }

int Shutdown::Wait() {
  pollfd waits[] = {{state_->signals, POLLIN, 0}, {state_->failure, POLLIN, 0}};
  while (poll(waits, 2, -1) < 0 && errno == EINTR) {
  }
  if (failed()) return 1;
  signalfd_siginfo info{};
  [[maybe_unused]] const auto taken = read(state_->signals, &info, sizeof(info));
  Log(Severity::kInfo, "stopping on a signal",
      {{"signal", info.ssi_signo == SIGTERM ? "SIGTERM" : "SIGINT"}});
  return 0;
}

}  // namespace marginalia
