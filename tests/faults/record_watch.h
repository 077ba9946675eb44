// Watches tenants' records from outside while a fault test goes on, with the rules of the
// operator's audit-monitor: asks one comments-service after the other for its newest checkpoint, so
// that what one has signed is held against what the next one signs, and has it proven that the log
// only grew. A service that is away is asked again. Thread-safe.
#ifndef MARGINALIA_TESTS_FAULTS_RECORD_WATCH_H_
#define MARGINALIA_TESTS_FAULTS_RECORD_WATCH_H_

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "comments-service/record/checkpoint.h"
#include "marginalia/comments/v1/comments_service.grpc.pb.h"

namespace marginalia {

class RecordWatch {
 public:
  struct Tenant {
    std::string org_id;
    std::string admin_token;
  };

  // Begins at once.
  RecordWatch(const std::vector<std::string>& addresses, const std::vector<Tenant>& tenants,
              const std::string& verifier_key);
  ~RecordWatch();
  RecordWatch(const RecordWatch&) = delete;
  RecordWatch& operator=(const RecordWatch&) = delete;

  // Waits until each tenant's log has been proven to have grown so many times more than now.
  bool AwaitGrowth(int times, std::chrono::seconds limit);

  // How often the log of the tenant that has grown least has been proven to have grown.
  int growths() const;

  // Takes the note for what a service has answered with next.
  void Saw(const std::string& org_id, const std::string& note);
  // The checkpoint that the next one of the tenant is held against.
  std::optional<Checkpoint> Newest(const std::string& org_id) const;

  // Each with what is wrong and both checkpoints; none, or the test has to fail.
  std::vector<std::string> contradictions() const;

 private:
  using Stub = comments::v1::CommentsService::Stub;
  struct Watched {
    std::string admin_token;
    std::string note;
    std::optional<Checkpoint> newest;
    int growths = 0;
  };

  void Run();
  void LookAt(const std::string& org_id, std::size_t door);
  // UNAVAILABLE: it could not be proven now. DATA_LOSS: a contradiction.
  absl::Status Compare(const Watched& watched, const std::string& note, std::size_t door,
                       Checkpoint& opened);
  absl::Status Prove(const Watched& watched, const Checkpoint& newer, std::size_t door);
  void Look(const std::string& org_id, const std::string& note, std::size_t door);

  const std::vector<VerifierKey> keys_;
  std::vector<std::unique_ptr<Stub>> stubs_;
  // One look at a time, so that what is held against each other came in this order.
  std::mutex looking_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, Watched> watched_;   // guarded by mutex_
  std::vector<std::string> contradictions_;  // guarded by mutex_
  bool stopping_ = false;                    // guarded by mutex_
  std::thread thread_;
};

}  // namespace marginalia

#endif  // MARGINALIA_TESTS_FAULTS_RECORD_WATCH_H_
