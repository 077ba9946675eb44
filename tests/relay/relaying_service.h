// The real comments-service, started from its binary and relaying to a broker. Used by one thread;
// its clients by many.
#ifndef MARGINALIA_TESTS_RELAY_RELAYING_SERVICE_H_
#define MARGINALIA_TESTS_RELAY_RELAYING_SERVICE_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "tests/comments_service/client.h"
#include "tests/support/child_process.h"
#include "tests/support/log_reader.h"
#include "tests/support/temp_dir.h"

namespace marginalia {

class RelayingService {
 public:
  // Not started yet.
  RelayingService(std::string database_url, std::string nats_url);

  // Waits until it listens; fails the test when it does not. `flags` may say again what is said for
  // it.
  void Start(const std::vector<std::string>& flags = {});
  void Kill();
  // SIGTERM. Returns the exit code.
  int Stop();
  void Signal(int signal) { process_->Signal(signal); }

  // Of its present life.
  Client As(const std::string& org, const std::string& user) const;
  // A machine, which without `org` sees all tenants' events.
  Client AsService(const std::string& org = "") const;
  // The value of a metric without labels; -1 when there is none.
  double Metric(const std::string& name) const;

  // Over all its lives.
  LogReader& log() { return log_; }
  // How many lines of the log contain `text`.
  std::size_t CountInLog(const std::string& text) const;

 private:
  const std::string database_url_;
  const std::string nats_url_;
  TempDir directory_;
  LogReader log_;
  std::unique_ptr<ChildProcess> process_;
  std::string address_;
  std::string metrics_address_;
};

}  // namespace marginalia

#endif  // MARGINALIA_TESTS_RELAY_RELAYING_SERVICE_H_
