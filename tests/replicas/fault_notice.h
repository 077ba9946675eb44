// What is wrong with the replicas at the moment, as the test that makes it wrong says: for messages
// of failures, and for callers that may wait for the database to be back. Thread-safe.
#ifndef MARGINALIA_TESTS_REPLICAS_FAULT_NOTICE_H_
#define MARGINALIA_TESTS_REPLICAS_FAULT_NOTICE_H_

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>

namespace marginalia {

class FaultNotice {
 public:
  void Begin(std::string what, bool database_gone = false);
  void End();

  // "round 3: gateway-1 is killed", and how long ago it began or ended.
  std::string Describe() const;

  // False: the database was not back within `limit`.
  bool AwaitDatabase(std::chrono::seconds limit) const;

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::string what_ = "nothing has happened yet";  // guarded by mutex_, like the rest
  bool going_on_ = false;
  bool database_gone_ = false;
  std::chrono::steady_clock::time_point since_ = std::chrono::steady_clock::now();
};

}  // namespace marginalia

#endif  // MARGINALIA_TESTS_REPLICAS_FAULT_NOTICE_H_
