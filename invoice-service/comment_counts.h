// The projection of the comment log: how many comments each invoice has, derived from what the
// events say the count is after them and never added up here.
#ifndef MARGINALIA_INVOICE_SERVICE_COMMENT_COUNTS_H_
#define MARGINALIA_INVOICE_SERVICE_COMMENT_COUNTS_H_

#include <vector>

#include "absl/status/statusor.h"
#include "invoice-service/comment_count_store.h"
#include "services/events/projection/event_source.h"
#include "services/events/projection/projection.h"
#include "services/storage/connection/connection.h"

namespace marginalia {

class SummaryCache;

// Each thread at most once: of several events only the last one counts.
struct ThreadCounts final : StateUpdate {
  std::vector<CountedThread> threads;
};

class CommentCounts final : public Projection {
 public:
  // The cache is not owned and must outlive the projection.
  explicit CommentCounts(SummaryCache& cache) : cache_(cache) {}

  void Apply(Connection& connection, const StateUpdate& update) override;
  absl::StatusOr<SliceOutcome> Compare(Connection& connection, const SnapshotSlice& slice) override;
  absl::StatusOr<SliceOutcome> Repair(Connection& connection, const SnapshotSlice& slice) override;
  void Invalidate(const StateUpdate& update) override;
  void InvalidateAll() override;

 private:
  SummaryCache& cache_;
};

}  // namespace marginalia

#endif  // MARGINALIA_INVOICE_SERVICE_COMMENT_COUNTS_H_
