// What is counted of the groups of writes. The writer thread counts; read from any.
#ifndef MARGINALIA_SERVICES_STORAGE_GROUP_GROUP_STATISTICS_H_
#define MARGINALIA_SERVICES_STORAGE_GROUP_GROUP_STATISTICS_H_

#include <atomic>
#include <cstdint>

#include "services/telemetry/distribution.h"

namespace marginalia {

struct GroupStatistics {
  // How many writes shared a transaction that was committed, and how long its COMMIT took.
  Distribution writes{kSizeBounds};
  Distribution commit_seconds{kSecondsBounds};
  // Transactions that were not committed because of the storage: it refused, the connection was
  // lost, or nobody knows how COMMIT ended.
  std::atomic<std::int64_t> failed = 0;
  std::atomic<std::int64_t> lost = 0;
  std::atomic<std::int64_t> unknown = 0;
  // Writes that did not fit into the queue.
  std::atomic<std::int64_t> refused = 0;
  // How often SQLite's write-ahead log started over while writes went on.
  std::atomic<std::int64_t> wal_restarts = 0;
};

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_STORAGE_GROUP_GROUP_STATISTICS_H_
