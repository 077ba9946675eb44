// The metrics of a process's writes.
#ifndef MARGINALIA_SERVICES_STORAGE_GROUP_GROUP_METRICS_H_
#define MARGINALIA_SERVICES_STORAGE_GROUP_GROUP_METRICS_H_

#include "services/storage/group/group_commit.h"
#include "services/telemetry/metrics.h"

namespace marginalia {

// `writes` is not owned and must outlive the metrics. `kind` is where it writes: only SQLite has a
// write-ahead log of ours.
void AddGroupMetrics(Metrics& metrics, const GroupCommit& writes, DatabaseKind kind);

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_STORAGE_GROUP_GROUP_METRICS_H_
