// The use cases of invoice-service over a database, in this process. Comments arrive by hand, as
// the projector would apply them.
#ifndef MARGINALIA_TESTS_ISOLATION_INVOICES_WORLD_H_
#define MARGINALIA_TESTS_ISOLATION_INVOICES_WORLD_H_

#include <memory>
#include <string>

#include "invoice-service/comment_counts.h"
#include "invoice-service/freshness.h"
#include "invoice-service/invoice_reads.h"
#include "invoice-service/invoices.h"
#include "services/storage/group/group_commit.h"

namespace marginalia {

class InvoicesWorld {
 public:
  explicit InvoicesWorld(const std::string& database_url);

  Invoices& invoices() { return invoices_; }
  InvoiceReads& reads() { return reads_; }

  // Applies an event of the log of all tenants: the thread has `comment_count` comments now.
  void CommentArrives(const std::string& org_id, const std::string& invoice_id,
                      std::int64_t comment_count);

 private:
  std::unique_ptr<Database> database_;
  GroupCommit writes_;
  ProjectionProgress progress_;
  SummaryCache cache_;
  CommentCounts counts_;
  Freshness freshness_;
  Invoices invoices_;
  InvoiceReads reads_;
  LogPoint reached_{.log_id = "00000000000000aa", .position = 0};
};

}  // namespace marginalia

#endif  // MARGINALIA_TESTS_ISOLATION_INVOICES_WORLD_H_
