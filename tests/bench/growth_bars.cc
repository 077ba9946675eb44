#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tests/bench/bars.h"
#include "tests/bench/comments_data.h"
#include "tests/bench/invoices_data.h"
#include "tests/bench/loaded_data.h"
#include "tests/bench/need.h"
#include "tests/bench/services_under_test.h"

namespace marginalia::bench {
namespace {

constexpr int kBar = 15;
constexpr std::int64_t kFewComments = 100'000;
constexpr std::int64_t kFewInvoices = 1'000;
// As many threads as both databases have.
constexpr std::int64_t kThreads = 100;
constexpr int kWriters = 64;
constexpr int kReaders = 32;
constexpr int kConnections = 4;
constexpr int kPageSize = 20;

// A service on a grown database, and calls of one kind to it.
class Grown {
 public:
  Grown(Bench& bench, Service service, std::int64_t count, RpcWork work)
      : service_(std::move(service)),
        client_(Client(service_.address, bench.MemberToken(), kConnections)),
        side_{absl::StrCat("at ", count),
              [this, work = std::move(work), window = bench.options().window] {
                return Need(RunClosedLoop(*client_, work, window, service_.pid()));
              }} {}
  Grown(const Grown&) = delete;

  Side& side() { return side_; }

 private:
  Service service_;
  std::unique_ptr<RpcClient> client_;
  Side side_;
};

void CommentRows(Bench& bench, Report& report) {
  const std::int64_t many = bench.options().growth_comments;
  const RpcWork work{
      .method = kAddComment,
      .request =
          [](std::int64_t call) { return BytesOf(NewComment(InvoiceId(call % kThreads), call)); },
      .callers = kWriters};
  const auto grown = [&](std::int64_t count) {
    const auto data = CopyOf(bench, GrownComments(bench, count));
    return Grown(bench, StartCommentsService(bench, data), count, work);
  };
  Grown large = grown(many);
  Grown small = grown(kFewComments);
  Interleave(bench.options().runs, {&large.side(), &small.side()});
  const std::string what = absl::StrCat("AddComment at ", many, " comments");
  report.Add(RatioRow(kBar, what, "per s", CallsPerSecond, large.side(), small.side(),
                      Bound::kAtLeast, 0.9));
  report.Add(RatioRow(kBar, what + ", p99", "ms", P99Millis, large.side(), small.side(),
                      Bound::kAtMost, 1.3));
}

void InvoiceRows(Bench& bench, Report& report) {
  const std::int64_t many = bench.options().growth_invoices;
  const Service comments = StartCommentsService(bench, bench.NewFolder("no-comments"));
  for (const bool by_activity : {false, true}) {
    invoices::v1::ListInvoiceSummariesRequest request;
    request.set_page_size(kPageSize);
    if (by_activity) request.set_order(invoices::v1::INVOICE_ORDER_ACTIVITY);
    const RpcWork work{.method = kListInvoiceSummaries,
                       .request = [bytes = BytesOf(request)](std::int64_t) { return bytes; },
                       .callers = kReaders};
    const auto grown = [&](std::int64_t count) {
      const auto data = CopyOf(bench, GrownInvoices(bench, count));
      return Grown(bench, StartInvoiceService(bench, data, comments.address), count, work);
    };
    Grown large = grown(many);
    Grown small = grown(kFewInvoices);
    Interleave(bench.options().runs, {&large.side(), &small.side()});
    report.Add(RatioRow(kBar,
                        absl::StrCat("ListInvoiceSummaries", by_activity ? ", newest activity" : "",
                                     " at ", many, " invoices"),
                        "us CPU/call", CpuMicros, large.side(), small.side(), Bound::kAtMost, 1.5));
  }
}

}  // namespace

void GrowthBars(Bench& bench, Report& report) {
  CommentRows(bench, report);
  InvoiceRows(bench, report);
}

}  // namespace marginalia::bench
