// Prints each tenant's checkpoint to the log once a minute when it has moved, so that it exists
// outside the database, wherever logs are kept. Owns a thread; main owns it.
#ifndef MARGINALIA_COMMENTS_SERVICE_AUDIT_CHECKPOINT_LOG_H_
#define MARGINALIA_COMMENTS_SERVICE_AUDIT_CHECKPOINT_LOG_H_

#include <cstddef>
#include <cstdint>
#include <stop_token>
#include <string>
#include <thread>
#include <unordered_map>

#include "absl/time/time.h"
#include "comments-service/audit/checkpoints.h"
#include "services/process/stopwatch.h"

namespace marginalia {

inline constexpr absl::Duration kCheckpointLogInterval = absl::Minutes(1);
// Tenants whose last printed size is remembered; what others have is printed each time.
inline constexpr std::size_t kCheckpointsRememberedMax = 100'000;
// What is new when the process ends is printed once more; after so long no further one is begun,
// since a process that stops has little time.
inline constexpr absl::Duration kLastPrintMax = absl::Seconds(1);

class CheckpointLog {
 public:
  // Both must outlive it. Before it ends it prints what has moved since the last time.
  CheckpointLog(Database& database, Checkpoints& checkpoints,
                absl::Duration interval = kCheckpointLogInterval);
  CheckpointLog(const CheckpointLog&) = delete;
  CheckpointLog& operator=(const CheckpointLog&) = delete;

 private:
  void Work(absl::Duration interval, const std::stop_token& stop);
  // Those that are not printed by `until` wait for the next time.
  absl::Status PrintAll(SteadyTime until);
  absl::Status Print(const std::string& org_id, std::int64_t entry_count);

  Database& database_;
  Checkpoints& checkpoints_;
  // The thread's own: by tenant, how long the log was when its checkpoint was printed.
  std::unordered_map<std::string, std::int64_t> printed_;
  std::jthread thread_;
};

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_AUDIT_CHECKPOINT_LOG_H_
