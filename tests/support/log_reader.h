// Reads what a process under test writes to its log, through a named pipe, and lets a test wait for
// a line. Thread-safe.
#ifndef MARGINALIA_TESTS_SUPPORT_LOG_READER_H_
#define MARGINALIA_TESTS_SUPPORT_LOG_READER_H_

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace marginalia {

class LogReader {
 public:
  // Makes the named pipe `path`: give it to the process as the file for its standard error.
  explicit LogReader(std::string path);
  ~LogReader();
  LogReader(const LogReader&) = delete;
  LogReader& operator=(const LogReader&) = delete;

  const std::string& path() const { return path_; }

  // How many lines have come so far.
  std::size_t size() const;

  // The first line from number `from` on that contains `text`, waiting for it if need be.
  std::optional<std::string> WaitFor(std::string_view text, std::size_t from = 0,
                                     std::chrono::seconds limit = std::chrono::seconds(20));

  // All lines so far.
  std::vector<std::string> lines() const;

 private:
  void Run();

  std::string path_;
  int fd_ = -1;
  int stop_ = -1;
  mutable std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<std::string> lines_;  // guarded by mutex_
  std::thread reader_;
};

}  // namespace marginalia

#endif  // MARGINALIA_TESTS_SUPPORT_LOG_READER_H_
