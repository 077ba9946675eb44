#include "services/process/log.h"

#include <pthread.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <thread>

#include "services/text/json_string.h"

namespace marginalia {
namespace {

// Under load lines gather for this long, so that one write(2) and one wake-up serve many of them.
constexpr std::chrono::milliseconds kGatherTime{4};
// A burst may have grown the buffers; beyond this they are given back.
constexpr std::size_t kBufferBytesKept = 256 * 1024;
// What a log line reserves; most are shorter.
constexpr std::size_t kLineBytes = 512;

void WriteAll(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(STDERR_FILENO, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;  // There is nowhere to say so.
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

// Lives until the process ends: any thread may log as late as it likes.
class LogWriter {
 public:
  static LogWriter& Get() {
    static auto* writer = new LogWriter;
    return *writer;
  }

  void Append(std::string_view line) {
    bool wake = false;
    {
      const std::lock_guard lock(mutex_);
      if (pending_.size() + line.size() + 1 > kLogBytesPendingMax) {
        dropped_.fetch_add(1, std::memory_order_relaxed);
        return;
      }
      pending_ += line;
      pending_ += '\n';
      wake = std::exchange(idle_, false);
    }
    if (wake) work_.notify_one();
  }

  void Flush() {
    std::unique_lock lock(mutex_);
    flush_wanted_ = true;
    work_.notify_one();
    written_.wait_for(lock, kLogFlushMax, [this] { return pending_.empty() && !writing_; });
    flush_wanted_ = false;
  }

  std::int64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

 private:
  LogWriter() {
    // The thread takes no signal: SIGTERM is Shutdown's, and SIGPIPE must not end the process.
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    std::thread([this] { Run(); }).detach();
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    std::atexit([] { FlushLog(); });
  }

  void Run() {
    std::string taken;
    std::unique_lock lock(mutex_);
    while (true) {
      while (pending_.empty()) {
        idle_ = true;
        work_.wait(lock);
      }
      idle_ = false;
      work_.wait_for(lock, kGatherTime, [this] { return flush_wanted_; });
      taken.swap(pending_);
      writing_ = true;
      lock.unlock();
      WriteAll(taken);
      taken.clear();
      if (taken.capacity() > kBufferBytesKept) taken.shrink_to_fit();
      lock.lock();
      writing_ = false;
      if (pending_.empty()) written_.notify_all();
    }
  }

  std::mutex mutex_;
  std::condition_variable work_;
  std::condition_variable written_;
  std::string pending_;
  bool idle_ = false;
  bool writing_ = false;
  bool flush_wanted_ = false;
  std::atomic<std::int64_t> dropped_ = 0;
};

// The process's name as a JSON string.
std::atomic<const std::string*>& ProcessName() {
  static const auto* unnamed = new std::string("\"marginalia\"");
  static std::atomic<const std::string*> name = unnamed;
  return name;
}

std::string_view NameOf(Severity severity) {
  switch (severity) {
    case Severity::kInfo:
      return "info";
    case Severity::kWarning:
      return "warning";
    case Severity::kError:
      return "error";
  }
  return "info";
}

// RFC 3339 in UTC with microseconds. The calendar is worked out once a second in each thread.
void AppendTime(std::string& line) {
  thread_local time_t second = -1;
  thread_local char text[] = "0000-00-00T00:00:00.000000Z";
  constexpr std::size_t kDateCharacters = 19;
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  if (now.tv_sec != second) {
    second = now.tv_sec;
    tm utc{};
    gmtime_r(&second, &utc);
    strftime(text, kDateCharacters + 1, "%Y-%m-%dT%H:%M:%S", &utc);
    text[kDateCharacters] = '.';
  }
  long micros = now.tv_nsec / 1000;
  for (std::size_t digit = kDateCharacters + 6; digit > kDateCharacters; --digit) {
    text[digit] = static_cast<char>('0' + micros % 10);
    micros /= 10;
  }
  line.append(text, sizeof(text) - 1);
}

template <typename Number>
void AppendNumber(std::string& line, Number value) {
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof(digits), value).ptr;
  line.append(digits, static_cast<std::size_t>(end - digits));
}

void AppendValue(std::string& line, const LogValue& value) {
  if (const auto* text = std::get_if<std::string_view>(&value)) {
    AppendJsonString(line, *text);
  } else if (const auto* integer = std::get_if<std::int64_t>(&value)) {
    AppendNumber(line, *integer);
  } else if (const auto* truth = std::get_if<bool>(&value)) {
    line += *truth ? "true" : "false";
  } else if (const double number = std::get<double>(value); std::isfinite(number)) {
    AppendNumber(line, number);
  } else {
    line += "null";
  }
}

}  // namespace

void AppendLogHead(std::string& line, Severity severity, std::string_view message) {
  line += R"({"time":")";
  AppendTime(line);
  line += R"(","severity":")";
  line += NameOf(severity);
  line += R"(","process":)";
  line += *ProcessName().load(std::memory_order_acquire);
  line += R"(,"message":)";
  AppendJsonString(line, message);
}

void AppendLogField(std::string& line, std::string_view name, std::string_view value) {
  line += ",\"";
  line += name;
  line += "\":";
  AppendJsonString(line, value);
}

void AppendLogField(std::string& line, std::string_view name, std::int64_t value) {
  line += ",\"";
  line += name;
  line += "\":";
  AppendNumber(line, value);
}

void Log(Severity severity, std::string_view message, std::initializer_list<LogField> fields) {
  std::string line;
  line.reserve(kLineBytes);
  AppendLogHead(line, severity, message);
  for (const auto& [name, value] : fields) {
    line += ',';
    AppendJsonString(line, name);
    line += ':';
    AppendValue(line, value);
  }
  line += '}';
  LogLine(line);
}

void LogLine(std::string_view line) { LogWriter::Get().Append(line); }

void NameProcess(std::string_view name) {
  auto* quoted = new std::string;
  AppendJsonString(*quoted, name);
  // The one before is left alone: another thread may just be writing it.
  ProcessName().store(quoted, std::memory_order_release);
}

void FlushLog() { LogWriter::Get().Flush(); }

std::int64_t LogLinesDropped() { return LogWriter::Get().dropped(); }

}  // namespace marginalia
