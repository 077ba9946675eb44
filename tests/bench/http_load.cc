#include "tests/bench/http_load.h"

#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <cstdlib>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/bench/clock.h"
#include "tests/bench/interrupt.h"
#include "tests/bench/loopback_socket.h"
#include "tests/bench/process_usage.h"

namespace marginalia::bench {
namespace {

constexpr int kAnswerWaitMillis = 10'000;
constexpr int kEventsMax = 64;
constexpr std::string_view kHeadEnd = "\r\n\r\n";

struct Browser {
  LoopbackSocket socket;
  std::string received;
  std::int64_t sent_nanos = 0;
};

// One run, all on one thread.
class HttpLoop {
 public:
  HttpLoop(const HttpWork& work, const Window& window, pid_t server)
      : work_(work),
        server_(server),
        epoll_(epoll_create1(EPOLL_CLOEXEC)),
        warm_until_(NowNanos() + absl::ToInt64Nanoseconds(window.warm_up)),
        measure_until_(warm_until_ + absl::ToInt64Nanoseconds(window.measured)) {}
  ~HttpLoop() { close(epoll_); }

  absl::StatusOr<LoadResult> Run() {
    absl::Status status = Connect();
    while (status.ok() && !measured_) status = Step();
    if (!status.ok()) return status;
    return std::move(result_);
  }

 private:
  absl::Status Connect() {
    browsers_.reserve(work_.connections);
    for (int i = 0; i < work_.connections; ++i) {
      absl::StatusOr<LoopbackSocket> socket = LoopbackSocket::Connect(work_.address, work_.from);
      if (!socket.ok()) return socket.status();
      Browser& browser = browsers_.emplace_back(Browser{std::move(*socket), {}, NowNanos()});
      epoll_event event{};
      event.events = EPOLLIN;
      event.data.ptr = &browser;
      epoll_ctl(epoll_, EPOLL_CTL_ADD, browser.socket.fd(), &event);
      absl::Status sent = browser.socket.Send(NextRequest());
      if (!sent.ok()) return sent;
    }
    return absl::OkStatus();
  }

  absl::Status Step() {
    epoll_event events[kEventsMax];
    const int ready = epoll_wait(epoll_, events, kEventsMax, kAnswerWaitMillis);
    if (Interrupted()) return CheckInterrupt();
    if (ready == 0) return absl::DeadlineExceededError("the HTTP answers stopped");
    for (int i = 0; i < ready; ++i) {
      absl::Status status = Take(*static_cast<Browser*>(events[i].data.ptr));
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }

  absl::Status Take(Browser& browser) {
    if (!browser.socket.Receive(browser.received)) {
      return absl::UnavailableError("the HTTP server closed a keep-alive connection");
    }
    const std::size_t size = AnswerSize(browser.received);
    if (size == 0) return absl::OkStatus();
    if (StatusOf(browser.received) != work_.status || size != browser.received.size()) {
      return absl::FailedPreconditionError(
          absl::StrCat("an unexpected HTTP answer: ", browser.received.substr(0, 400)));
    }
    const std::int64_t now = NowNanos();
    Measure(browser.sent_nanos, now);
    browser.received.clear();
    browser.sent_nanos = now;
    return browser.socket.Send(NextRequest());
  }

  std::string NextRequest() { return work_.next ? work_.next(calls_++) : work_.request; }

  void Measure(std::int64_t sent, std::int64_t now) {
    if (now < warm_until_ || measured_) return;
    if (window_start_ == 0) {
      window_start_ = now;
      cpu_start_ = CpuNanos(server_);
      return;
    }
    ++result_.calls;
    result_.latency.Record(now - sent);
    if (now < measure_until_) return;
    measured_ = true;
    result_.seconds = static_cast<double>(now - window_start_) / 1e9;
    result_.cpu_micros = static_cast<double>(CpuNanos(server_) - cpu_start_) / 1e3 /
                         static_cast<double>(result_.calls);
  }

  const HttpWork& work_;
  const pid_t server_;
  const int epoll_;
  const std::int64_t warm_until_;
  const std::int64_t measure_until_;
  std::vector<Browser> browsers_;
  std::int64_t calls_ = 0;
  std::int64_t window_start_ = 0;
  std::int64_t cpu_start_ = 0;
  bool measured_ = false;
  LoadResult result_;
};

}  // namespace

absl::StatusOr<LoadResult> RunHttpLoop(const HttpWork& work, const Window& window, pid_t server) {
  return HttpLoop(work, window, server).Run();
}

namespace {

std::string HeadOf(std::string_view method, std::string_view address, std::string_view target,
                   const std::vector<std::pair<std::string, std::string>>& headers) {
  std::string head = std::string(method) + " " + std::string(target) +
                     " HTTP/1.1\r\nHost: " + std::string(address);
  for (const auto& [name, value] : headers) head += "\r\n" + name + ": " + value;
  return head;
}

}  // namespace

std::string GetRequest(std::string_view address, std::string_view target,
                       const std::vector<std::pair<std::string, std::string>>& headers) {
  return HeadOf("GET", address, target, headers) + std::string(kHeadEnd);
}

std::string PostRequest(std::string_view address, std::string_view target,
                        const std::vector<std::pair<std::string, std::string>>& headers,
                        std::string_view body) {
  return HeadOf("POST", address, target, headers) + "\r\nContent-Type: application/json" +
         "\r\nContent-Length: " + std::to_string(body.size()) + std::string(kHeadEnd) +
         std::string(body);
}

absl::StatusOr<std::string> FetchAnswer(const std::string& address, const std::string& request,
                                        int status) {
  absl::StatusOr<LoopbackSocket> socket = LoopbackSocket::Connect(address);
  if (!socket.ok()) return socket.status();
  absl::Status sent = socket->Send(request);
  if (!sent.ok()) return sent;
  std::string received;
  while (AnswerSize(received) == 0) {
    pollfd ready{socket->fd(), POLLIN, 0};
    if (poll(&ready, 1, kAnswerWaitMillis) <= 0 || !socket->Receive(received)) {
      return absl::UnavailableError(absl::StrCat("no whole HTTP answer: ", received));
    }
  }
  if (StatusOf(received) != status) {
    return absl::FailedPreconditionError(absl::StrCat("an unexpected HTTP answer: ", received));
  }
  return received;
}

std::size_t AnswerSize(std::string_view received) {
  const std::size_t end = received.find(kHeadEnd);
  if (end == std::string_view::npos) return 0;
  const std::string length = HeaderOf(received, "content-length");
  // A 304 tells the length of the body that it does not send.
  const bool bodiless = StatusOf(received) == 304 || length.empty();
  const std::size_t size =
      end + kHeadEnd.size() + (bodiless ? 0 : std::strtoull(length.c_str(), nullptr, 10));
  return received.size() >= size ? size : 0;
}

int StatusOf(std::string_view answer) {
  constexpr std::string_view kVersion = "HTTP/1.1 ";
  if (answer.size() < kVersion.size() + 3 || answer.substr(0, kVersion.size()) != kVersion)
    return 0;
  return std::atoi(std::string(answer.substr(kVersion.size(), 3)).c_str());
}

std::string HeaderOf(std::string_view answer, std::string_view name) {
  std::size_t line = answer.find("\r\n");
  while (line != std::string_view::npos) {
    const std::size_t start = line + 2;
    line = answer.find("\r\n", start);
    if (line == std::string_view::npos || line == start) return {};
    const std::string_view header = answer.substr(start, line - start);
    if (header.size() <= name.size() || header[name.size()] != ':') continue;
    if (!absl::EqualsIgnoreCase(absl::string_view(header.data(), name.size()),
                                absl::string_view(name.data(), name.size()))) {
      continue;
    }
    const std::size_t value = header.find_first_not_of(' ', name.size() + 1);
    return value == std::string_view::npos ? std::string() : std::string(header.substr(value));
  }
  return {};
}

}  // namespace marginalia::bench
