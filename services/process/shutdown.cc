#include "services/process/shutdown.h"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <thread>

#include "services/process/log.h"

namespace marginalia {
namespace {

// A grace period without end is as good as this.
constexpr absl::Duration kGraceMax = absl::Hours(24);

}  // namespace

struct Shutdown::State {
  int signals = -1;
  int failure = -1;
  std::atomic<bool> failed = false;

  std::mutex mutex;
  std::condition_variable changed;
  bool ended = false;  // guarded by mutex
  std::thread last;    // ends the process if nothing else does
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
  {
    const std::lock_guard lock(state_->mutex);
    state_->ended = true;
  }
  state_->changed.notify_one();
  if (state_->last.joinable()) state_->last.join();
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

void Shutdown::EndWithin(absl::Duration grace) {
  const auto until = std::chrono::steady_clock::now() +
                     absl::ToChronoNanoseconds(std::min(grace, kGraceMax) + kPutAwayMax);
  state_->last = std::thread([state = state_, until] {
    std::unique_lock lock(state->mutex);
    if (state->changed.wait_until(lock, until, [state] { return state->ended; })) return;
    Log(Severity::kError, "something holds the process up: it ends without it");
    FlushLog();
    std::_Exit(EXIT_FAILURE);
  });
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
