// What clients were told during a fault test, and the check that the services' state agrees with
// it: nothing acknowledged is missing, nothing is doubled, and comments, audit entries and events
// match one to one. Everything is read through the public RPCs. Thread-safe.
#ifndef MARGINALIA_TESTS_FAULTS_HISTORY_H_
#define MARGINALIA_TESTS_FAULTS_HISTORY_H_

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/faults/changers.h"
#include "tests/support/three_processes.h"

namespace marginalia {

struct AcknowledgedComment {
  std::string invoice_id;
  std::string body;
  std::int64_t sequence = 0;
  // Of its event and audit entry, within the tenant.
  std::int64_t number = 0;
};

class History {
 public:
  void Acknowledge(const std::string& comment_id, AcknowledgedComment comment);
  std::size_t size() const;
  // Waits until `count` comments are acknowledged. False: it took longer than `limit`.
  bool AwaitSize(std::size_t count, std::chrono::seconds limit) const;

  // Waits until the projection has reached the log's end, then checks all of it, and what changers
  // were told where there were any. `invoice_ids` are all that were written to.
  void Check(ThreeProcesses& processes, const std::vector<std::string>& invoice_ids,
             const ToldChanges* changes = nullptr) const;

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable grown_;
  std::map<std::string, AcknowledgedComment> acknowledged_;  // guarded by mutex_, by comment id
};

// Threads that post comments with fresh ids until stopped, each again under the same id until it is
// acknowledged, as a careful client would.
class PostingLoad {
 public:
  PostingLoad(ThreeProcesses& processes, std::vector<std::string> invoice_ids, int threads,
              History& history);
  ~PostingLoad();
  // Waits until this many comments more than now are acknowledged; fails the test after a minute.
  void AwaitMore(std::size_t count);
  // Waits for the posts under way to be acknowledged.
  void Stop();

 private:
  void Post(int thread);

  ThreeProcesses& processes_;
  const std::vector<std::string> invoice_ids_;
  History& history_;
  std::atomic<bool> stopping_ = false;
  std::vector<std::thread> threads_;
};

// Changers' way to the three processes: each call is made again until it is answered, as a careful
// client would.
class PatientDoor : public ChangersDoor {
 public:
  explicit PatientDoor(ThreeProcesses& processes) : processes_(processes) {}

  bool Ask(std::string_view what, std::size_t replica, const std::string& token,
           const Call& call) override;
  std::string Token(const std::string& user, const std::string& role,
                    const std::string& org) override {
    return processes_.Token(user, role, org);
  }

 private:
  ThreeProcesses& processes_;
};

// A random UUID (version 4).
std::string RandomUuid();

}  // namespace marginalia

#endif  // MARGINALIA_TESTS_FAULTS_HISTORY_H_
