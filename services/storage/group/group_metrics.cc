#include "services/storage/group/group_metrics.h"

#include <limits>
#include <optional>

namespace marginalia {
namespace {

void AddWalMetrics(Metrics& metrics, const GroupCommit& writes) {
  metrics.AddGauge("marginalia_wal_pages",
                   "Pages in SQLite's write-ahead log; NaN while that is not known yet.", {},
                   [&writes] {
                     const std::optional<int> pages = writes.wal_pages();
                     return pages ? *pages : std::numeric_limits<double>::quiet_NaN();
                   });
  const GroupStatistics& statistics = writes.statistics();
  metrics.AddCounter("marginalia_wal_restarts_total",
                     "How often SQLite's write-ahead log started over between two groups.", {},
                     [&statistics] { return static_cast<double>(statistics.wal_restarts.load()); });
}

}  // namespace

void AddGroupMetrics(Metrics& metrics, const GroupCommit& writes, DatabaseKind kind) {
  metrics.AddGauge("marginalia_writes_queued", "Writes accepted and not answered yet.", {},
                   [&writes] { return static_cast<double>(writes.queued()); });
  metrics.AddGauge("marginalia_writes_queued_max",
                   "Writes beyond so many are refused with WRITE_QUEUE_FULL.", {},
                   [] { return static_cast<double>(kWritesQueuedMax); });
  const GroupStatistics& statistics = writes.statistics();
  metrics.AddHistogram("marginalia_group_writes",
                       "How many writes shared a transaction that was committed.", {},
                       statistics.writes);
  metrics.AddHistogram("marginalia_commit_seconds",
                       "How long COMMIT took, until the group was durable.", {},
                       statistics.commit_seconds);
  metrics.AddCounter("marginalia_writes_refused_total",
                     "Writes refused because the queue was full.", {},
                     [&statistics] { return static_cast<double>(statistics.refused.load()); });
  if (kind == DatabaseKind::kSqlite) AddWalMetrics(metrics, writes);
  const auto add_failures = [&metrics](const char* how, const std::atomic<std::int64_t>& count) {
    metrics.AddCounter("marginalia_group_failures_total",
                       "Transactions that the storage did not commit, by how they ended.",
                       {{"ending", how}}, [&count] { return static_cast<double>(count.load()); });
  };
  add_failures("failed", statistics.failed);
  add_failures("lost", statistics.lost);
  add_failures("unknown", statistics.unknown);
}

}  // namespace marginalia
