#include "tests/isolation/invoices_world.h"

#include <cstdlib>
#include <iostream>
#include <utility>

#include "absl/time/clock.h"
#include "invoice-service/schema.h"
#include "services/process/stopwatch.h"

namespace marginalia {
namespace {

std::unique_ptr<Database> OpenOrAbort(const std::string& url) {
  auto database = Database::Open(url, InvoiceMigrations());
  if (database.ok()) return *std::move(database);
  std::cerr << database.status() << std::endl;
  std::abort();
}

}  // namespace

InvoicesWorld::InvoicesWorld(const std::string& database_url)
    : database_(OpenOrAbort(database_url)),
      writes_(*database_, {}, [](std::string_view) { std::abort(); }),
      // As main has it.
      cache_(database_->kind() == DatabaseKind::kSqlite ? kCachedInvoicesMax : 0),
      counts_(cache_),
      freshness_(progress_, [this](const Trace&, SteadyTime,
                                   Freshness::HeadDone done) { done(progress_.point()); }),
      invoices_(*database_, writes_, cache_),
      reads_(invoices_, freshness_, cache_) {
  progress_.Reach(reached_, absl::Now());
  progress_.SetFollowing(true);
}

void InvoicesWorld::CommentArrives(const std::string& org_id, const std::string& invoice_id,
                                   std::int64_t comment_count) {
  ++reached_.position;
  ThreadCounts update;
  update.threads.push_back({.org_id = org_id,
                            .invoice_id = invoice_id,
                            .comment_count = comment_count,
                            .last_comment_time = absl::Now(),
                            .last_author_name = org_id,
                            .position = reached_.position});
  const absl::Status applied =
      writes_.SubmitAndWait(SteadyTime::Never(), Tenants::All(), [&](Connection& connection) {
        counts_.Apply(connection, update);
        return absl::OkStatus();
      });
  if (!applied.ok()) std::abort();
  counts_.Invalidate(update);
  progress_.Reach(reached_, absl::Now());
}

}  // namespace marginalia
