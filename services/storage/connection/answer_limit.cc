#include "services/storage/connection/answer_limit.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <mutex>
#include <system_error>
#include <thread>
#include <unordered_set>

#include "services/process/log.h"

namespace marginalia {
namespace {

// A limit may be overrun by so much before it is seen.
constexpr std::chrono::milliseconds kLook{100};

std::int64_t SteadyNanoseconds() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

int Duplicate(int socket) {
  const int duplicate = fcntl(socket, F_DUPFD_CLOEXEC, 0);
  if (duplicate < 0) throw std::system_error(errno, std::generic_category(), "fcntl");
  return duplicate;
}

}  // namespace

// The one thread. It begins with the first connection and is there for as long as the process.
class AnswerWatchdog {
 public:
  static AnswerWatchdog& Instance() {
    static auto* const instance = new AnswerWatchdog;
    return *instance;
  }

  void Add(AnswerLimit* limit) {
    const std::lock_guard lock(mutex_);
    limits_.insert(limit);
  }

  // After this its socket is not touched any more.
  void Remove(AnswerLimit* limit) {
    const std::lock_guard lock(mutex_);
    limits_.erase(limit);
  }

 private:
  AnswerWatchdog() {
    std::thread([this] { Work(); }).detach();
  }

  void Work() {
    while (true) {
      std::this_thread::sleep_for(kLook);
      const std::int64_t now = SteadyNanoseconds();
      const std::lock_guard lock(mutex_);
      for (AnswerLimit* limit : limits_) {
        const std::int64_t until = limit->until_.load(std::memory_order_relaxed);
        if (until == 0 || now < until) continue;
        limit->Rests();
        limit->Cut();
        Log(Severity::kError,
            "the database has not answered a statement in time: the connection is cut");
      }
    }
  }

  std::mutex mutex_;
  std::unordered_set<AnswerLimit*> limits_;  // guarded by mutex_
};

AnswerLimit::AnswerLimit(int socket) : socket_(Duplicate(socket)) {
  AnswerWatchdog::Instance().Add(this);
}

AnswerLimit::~AnswerLimit() {
  AnswerWatchdog::Instance().Remove(this);
  close(socket_);
}

void AnswerLimit::Asks(absl::Duration max) {
  until_.store(SteadyNanoseconds() + absl::ToInt64Nanoseconds(max), std::memory_order_relaxed);
}

void AnswerLimit::Cut() { shutdown(socket_, SHUT_RDWR); }

}  // namespace marginalia
