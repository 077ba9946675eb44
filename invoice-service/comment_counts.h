// The projection of the comment log: how many comments each invoice has, derived from what the
// events say the count is after them and never added up here.
#ifndef MARGINALIA_INVOICE_SERVICE_COMMENT_COUNTS_H_
#define MARGINALIA_INVOICE_SERVICE_COMMENT_COUNTS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "invoice-service/invoice.h"
#include "services/events/projection/event_source.h"
#include "services/events/projection/projection.h"
#include "services/storage/connection/connection.h"

namespace marginalia {

class SummaryCache;

// A thread's count and state, as of one event or as of a snapshot.
struct CountedThread {
  std::string org_id;
  std::string invoice_id;
  std::int64_t comment_count = 0;
  absl::Time last_comment_time;
  std::string last_author_name;
  // The event's position; 0 in a snapshot.
  std::int64_t position = 0;
  ThreadState state = ThreadState::kOpen;
  // When it was last resolved or reopened; 1970 while it never was.
  absl::Time state_time;
  // Rises with everything that changes the thread: of two that are told the greater is newer.
  std::int64_t revision = 0;
  // Of a stored one: the invoice's own row, by which the lists go, says something else.
  bool is_misplaced = false;
};

// Each thread at most once: of several events only the last one counts.
struct ThreadCounts final : Facts {
  std::vector<CountedThread> threads;
};

class CommentCounts final : public Projection {
 public:
  static std::vector<std::string> Schema();
  // Of the rows that snapshots were once staged in, whose first key did not begin with the tenant.
  static std::vector<std::string> StagedByTenantSchema();
  // The keys in the order of their bytes, as the snapshot comes. The staged rows stay for the
  // version before this one.
  static std::vector<std::string> KeysByBytesSchema();

  // The threads' states, and what keeps the invoices' own rows in step with them. After
  // InvoiceStore::ThreadStateSchema.
  static std::vector<std::string> ThreadStateSchema();

  // The cache is not owned and must outlive the projection.
  explicit CommentCounts(SummaryCache& cache) : cache_(cache) {}

  // Zero when the invoice has no comment. Throws what SOCI throws.
  static CommentCount Find(Connection& connection, const std::string& org_id,
                           const std::string& invoice_id);

  void Apply(Connection& connection, const Facts& facts) override;
  absl::StatusOr<SliceOutcome> Compare(Connection& connection, const SnapshotSlice& slice) override;
  absl::StatusOr<SliceOutcome> Repair(Connection& connection, const SnapshotSlice& slice) override;
  void Invalidate(const Facts& facts) override;
  void InvalidateAll() override;

 private:
  SummaryCache& cache_;
};

}  // namespace marginalia

#endif  // MARGINALIA_INVOICE_SERVICE_COMMENT_COUNTS_H_
