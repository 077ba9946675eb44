#include "tests/support/log_reader.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>

namespace marginalia {

LogReader::LogReader(std::string path) : path_(std::move(path)) {
  if (mkfifo(path_.c_str(), 0600) != 0) std::abort();
  // For writing too, so that the pipe does not end when the process does.
  fd_ = open(path_.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
  stop_ = eventfd(0, EFD_CLOEXEC);
  reader_ = std::thread([this] { Run(); });
}

LogReader::~LogReader() {
  const std::uint64_t one = 1;
  if (write(stop_, &one, sizeof one) != sizeof one) std::abort();
  reader_.join();
  close(fd_);
  close(stop_);
}

void LogReader::Run() {
  std::string pending;
  while (true) {
    pollfd polled[] = {{fd_, POLLIN, 0}, {stop_, POLLIN, 0}};
    poll(polled, 2, -1);
    if (polled[1].revents != 0) return;
    char bytes[64 * 1024];
    const ssize_t count = read(fd_, bytes, sizeof bytes);
    if (count <= 0) continue;
    pending.append(bytes, static_cast<std::size_t>(count));
    std::size_t end;
    std::vector<std::string> arrived;
    while ((end = pending.find('\n')) != std::string::npos) {
      arrived.push_back(pending.substr(0, end));
      pending.erase(0, end + 1);
    }
    {
      const std::lock_guard lock(mutex_);
      for (std::string& line : arrived) lines_.push_back(std::move(line));
    }
    arrived_.notify_all();
  }
}

std::size_t LogReader::size() const {
  const std::lock_guard lock(mutex_);
  return lines_.size();
}

std::vector<std::string> LogReader::lines() const {
  const std::lock_guard lock(mutex_);
  return lines_;
}

std::optional<std::string> LogReader::WaitFor(std::string_view text, std::size_t from,
                                              std::chrono::seconds limit) {
  const auto until = std::chrono::steady_clock::now() + limit;
  std::unique_lock lock(mutex_);
  std::size_t next = from;
  while (true) {
    for (; next < lines_.size(); ++next) {
      if (lines_[next].find(text) != std::string::npos) return lines_[next];
    }
    if (arrived_.wait_until(lock, until) == std::cv_status::timeout && next >= lines_.size()) {
      return std::nullopt;
    }
  }
}

}  // namespace marginalia
