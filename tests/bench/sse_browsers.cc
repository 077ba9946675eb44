#include "tests/bench/sse_browsers.h"

#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "tests/bench/clock.h"
#include "tests/bench/interrupt.h"
#include "tests/bench/need.h"

namespace marginalia::bench {
namespace {

constexpr int kEventsMax = 256;
constexpr int kWaitMillis = 100;

}  // namespace

SseBrowsers::SseBrowsers() : epoll_(epoll_create1(EPOLL_CLOEXEC)) {}

SseBrowsers::~SseBrowsers() { close(epoll_); }

void SseBrowsers::Open(const std::string& address, const std::string& request) {
  Browser& browser =
      browsers_.emplace_back(Browser{Need(LoopbackSocket::Connect(address)), std::string(), false});
  Need(browser.socket.Send(request));
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = browsers_.size() - 1;
  epoll_ctl(epoll_, EPOLL_CTL_ADD, browser.socket.fd(), &event);
}

int SseBrowsers::ReadUntil(const std::string& text, int browsers, absl::Duration longest) {
  const std::int64_t until = NowNanos() + absl::ToInt64Nanoseconds(longest);
  for (Browser& browser : browsers_) browser.has_it = false;
  int have_it = 0;
  while (have_it < browsers && NowNanos() < until) {
    Need(CheckInterrupt());
    epoll_event events[kEventsMax];
    const int ready = epoll_wait(epoll_, events, kEventsMax, kWaitMillis);
    for (int i = 0; i < ready; ++i) {
      Browser& browser = browsers_[events[i].data.u64];
      if (!browser.socket.Receive(browser.received)) {
        throw BarFailed(absl::StrCat("an event stream ended: ", browser.received.substr(0, 400)));
      }
      if (browser.has_it || browser.received.find(text) == std::string::npos) continue;
      browser.has_it = true;
      ++have_it;
      std::string().swap(browser.received);
    }
  }
  return have_it;
}

void AllowOpenFiles(std::uint64_t wanted) {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  if (files.rlim_max < wanted) {
    throw BarFailed(absl::StrCat("needs ", wanted, " open files, allowed are ", files.rlim_max,
                                 ": raise `ulimit -Hn`"));
  }
}

}  // namespace marginalia::bench
