// The rows of comment counts, one for each thread that was ever heard of. Stateless: each function
// works on the connection it is given, within the transaction that its caller is in. Throws what
// SOCI throws.
#ifndef MARGINALIA_INVOICE_SERVICE_COMMENT_COUNT_STORE_H_
#define MARGINALIA_INVOICE_SERVICE_COMMENT_COUNT_STORE_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "invoice-service/invoice.h"
#include "services/storage/connection/connection.h"

namespace marginalia {

// What one read of stored rows gives at most.
inline constexpr std::size_t kCountedRowsReadMax = 1000;

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

class CommentCountStore {
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

  // Zero when the invoice has no comment.
  static CommentCount Find(Connection& connection, const std::string& org_id,
                           const std::string& invoice_id);

  // What events say: a row that is newer already stays.
  static void Apply(Connection& connection, std::span<const CountedThread> threads);
  // The snapshot's word, which counts whatever is stored.
  static void Repair(Connection& connection, std::span<const CountedThread> threads);
  static void Remove(Connection& connection, const CountedThread& thread);

  // The rows behind a key, of all tenants, in the order of their keys; kCountedRowsReadMax at most.
  static std::vector<CountedThread> ReadBehind(Connection& connection, std::string_view org_id,
                                               std::string_view invoice_id);
};

}  // namespace marginalia

#endif  // MARGINALIA_INVOICE_SERVICE_COMMENT_COUNT_STORE_H_
