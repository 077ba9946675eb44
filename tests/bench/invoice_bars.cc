#include <atomic>
#include <filesystem>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "marginalia/invoices/v1/invoices_service.pb.h"
#include "tests/bench/bars.h"
#include "tests/bench/clock.h"
#include "tests/bench/comments_data.h"
#include "tests/bench/interrupt.h"
#include "tests/bench/invoices_data.h"
#include "tests/bench/loaded_data.h"
#include "tests/bench/need.h"
#include "tests/bench/services_under_test.h"

namespace marginalia::bench {
namespace {

constexpr int kConnections = 4;
constexpr int kCallers = 128;
constexpr std::int64_t kPostsPerSecond = 1000;
constexpr int kInvoices = 100;
constexpr absl::Duration kAnswersMax = absl::Seconds(10);
constexpr absl::Duration kCatchUpMax = absl::Minutes(5);
constexpr char kVerifyProjection[] = "/marginalia.invoices.v1.InvoicesService/VerifyProjection";

// Posts at a pace; each acknowledgement asks invoice-service at once for a count that includes it.
class PostsAndCounts {
 public:
  PostsAndCounts(RpcClient& comments, RpcClient& invoices, std::vector<std::string> ids)
      : comments_(comments), invoices_(invoices), ids_(std::move(ids)) {}

  LoadResult Run(std::int64_t warm_up, std::int64_t calls) {
    first_ = warm_up;
    Need(RunPaced(kPostsPerSecond, calls, [this](std::int64_t call, std::int64_t) { Post(call); }));
    const std::int64_t until = NowNanos() + absl::ToInt64Nanoseconds(kAnswersMax);
    while (ended_ < calls) {
      Need(CheckInterrupt());
      if (NowNanos() > until) throw BarFailed("a count did not become visible");
      Pause(absl::Milliseconds(10));
    }
    const std::lock_guard lock(mutex_);
    if (!failure_.ok()) throw BarFailed(failure_.ToString());
    result_.seconds = static_cast<double>(result_.calls) / kPostsPerSecond;
    return result_;
  }

 private:
  void Post(std::int64_t call) {
    const std::string& invoice_id = ids_[call % ids_.size()];
    comments_.Call(call, kAddComment, BytesOf(NewComment(invoice_id, call)),
                   [=, this](const grpc::Status& status, const grpc::ByteBuffer& bytes) {
                     const std::int64_t acknowledged = NowNanos();
                     comments::v1::AddCommentResponse answer;
                     if (!status.ok() || !answer.ParseFromString(StringOf(bytes))) {
                       return End(call, 0, OutcomeOf(kAddComment, status));
                     }
                     Ask(call, acknowledged, answer);
                   });
  }

  void Ask(std::int64_t call, std::int64_t acknowledged,
           const comments::v1::AddCommentResponse& posted) {
    const std::int64_t sequence = posted.comment().sequence();
    invoices_.Call(
        call, kGetInvoice,
        InvoiceRequest(posted.comment().invoice_id(), posted.consistency_token()),
        [=, this](const grpc::Status& status, const grpc::ByteBuffer& bytes) {
          const std::int64_t nanos = NowNanos() - acknowledged;
          invoices::v1::GetInvoiceResponse answer;
          absl::Status outcome = OutcomeOf(kGetInvoice, status);
          if (outcome.ok() && (!answer.ParseFromString(StringOf(bytes)) ||
                               answer.summary().comment_count() < sequence)) {
            outcome = absl::DataLossError("GetInvoice answered with a count from before the post");
          }
          End(call, nanos, outcome);
        });
  }

  void End(std::int64_t call, std::int64_t nanos, const absl::Status& outcome) {
    const std::lock_guard lock(mutex_);
    if (!outcome.ok() && failure_.ok()) failure_ = outcome;
    if (call >= first_) {
      ++result_.calls;
      result_.latency.Record(nanos);
    }
    ++ended_;
  }

  RpcClient& comments_;
  RpcClient& invoices_;
  const std::vector<std::string> ids_;
  std::int64_t first_ = 0;
  std::atomic<std::int64_t> ended_ = 0;
  std::mutex mutex_;
  absl::Status failure_;  // guarded by mutex_
  LoadResult result_;     // guarded by mutex_
};

// The consistency token of the log's end, as `client`'s caller may use it.
std::string EndOfLog(RpcClient& client) {
  comments::v1::ListCommentsRequest request;
  request.set_invoice_id(InvoiceId(0));
  comments::v1::ListCommentsResponse answer;
  Need(client.CallAndWait(kListComments, request, &answer));
  return answer.consistency_token();
}

// Asks until the projection has reached the token: invoice-service itself waits 2 s at most.
void WaitForToken(RpcClient& invoices, const std::string& token) {
  invoices::v1::ListInvoiceSummariesRequest request;
  request.mutable_consistency()->set_at_least_as_fresh(token);
  const std::int64_t until = NowNanos() + absl::ToInt64Nanoseconds(kCatchUpMax);
  while (true) {
    Need(CheckInterrupt());
    invoices::v1::ListInvoiceSummariesResponse answer;
    const absl::Status status = invoices.CallAndWait(kListInvoiceSummaries, request, &answer);
    if (status.ok()) return;
    if (status.code() != absl::StatusCode::kUnavailable || NowNanos() > until) Need(status);
  }
}

void CheckCounts(const Bench& bench, const std::string& address) {
  const auto machine = Client(
      address, bench.mint().Mint({.org = {}, .sub = "bench", .name = {}, .role = "service"}));
  invoices::v1::VerifyProjectionResponse answer;
  Need(machine->CallAndWait(kVerifyProjection, invoices::v1::VerifyProjectionRequest(), &answer));
  if (answer.threads_checked() != kManyThreads || answer.threads_differing() != 0) {
    throw BarFailed(absl::StrCat(answer.threads_differing(), " of ", answer.threads_checked(),
                                 " counts are wrong after catching up"));
  }
}

// One catch-up of a copy of the stored projection, from the start of its process.
LoadResult CatchUp(Bench& bench, const std::filesystem::path& data, const Service& comments,
                   const std::string& token) {
  const std::filesystem::path folder = bench.NewFolder("catch-up");
  for (const auto& file : std::filesystem::directory_iterator(data)) {
    const std::string name = file.path().filename();
    if (name.rfind("invoices.db", 0) == 0) std::filesystem::copy(file.path(), folder / name);
  }
  LoadResult result;
  const std::int64_t start = NowNanos();
  const Service invoices = StartInvoiceService(bench, folder, comments.address);
  WaitForToken(*Client(invoices.address, bench.MemberToken()), token);
  result.calls = std::int64_t{kManyThreads} * kManyThreadsComments;
  result.seconds = static_cast<double>(NowNanos() - start) / 1e9;
  CheckCounts(bench, invoices.address);
  return result;
}

}  // namespace

void CountVisibleBar(Bench& bench, Report& report) {
  const BothServices both = StartBothServices(bench);
  const std::string bearer = bench.MemberToken();
  const auto comments = Client(both.comments.address, bearer, kConnections);
  const auto invoices = Client(both.invoices.address, bearer, kConnections);
  const std::vector<std::string> ids = CreateInvoices(*invoices, kInvoices);
  const auto calls_of = [](absl::Duration duration) {
    return absl::ToInt64Milliseconds(duration) * kPostsPerSecond / 1000;
  };
  const std::int64_t warm_up = calls_of(bench.options().window.warm_up);
  const std::int64_t calls = warm_up + calls_of(bench.options().window.measured);
  Side subject{"post to count",
               [&] { return PostsAndCounts(*comments, *invoices, ids).Run(warm_up, calls); }};
  Interleave(bench.options().runs, {&subject});
  Row row;
  row.bar = 7;
  row.what = "acknowledged to count visible p99, 1,000/s";
  row.unit = "ms";
  row.measured = subject.Middle(P99Millis);
  row.measured_runs = subject.All(P99Millis);
  row.bound = Bound::kAtMost;
  row.bar_value = 5;
  row.note = absl::StrCat("p50 ", subject.Middle(P50Millis),
                          " ms; the GetInvoice call itself is in it, every answer was checked");
  report.Add(std::move(row));
}

void CatchUpBar(Bench& bench, Report& report) {
  const std::filesystem::path data = ManyThreadsData(bench);
  const Service comments = StartCommentsService(bench, data);
  const std::string token = EndOfLog(*Client(comments.address, bench.MemberToken()));
  Side subject{"catching up", [&] { return CatchUp(bench, data, comments, token); }};
  Interleave(bench.options().runs, {&subject});
  Row row;
  row.bar = 8;
  row.what = "projector catching up on 1,000,000 events";
  row.unit = "events/s";
  row.measured = subject.Middle(CallsPerSecond);
  row.measured_runs = subject.All(CallsPerSecond);
  row.bound = Bound::kAtLeast;
  row.bar_value = 300'000;
  row.note = "1,000 threads in turn, the start of the process included, all counts verified";
  report.Add(std::move(row));
}

void GetInvoiceBar(Bench& bench, Report& report) {
  const BothServices both = StartBothServices(bench);
  const std::string bearer = bench.MemberToken();
  const auto client = Client(both.invoices.address, bearer, kConnections);
  const grpc::ByteBuffer request = InvoiceRequest(CreateInvoices(*client, 1).front(), "");
  const std::string answer = StringOf(Need(client->CallAndWait(kGetInvoice, request)));
  const Service bare_server = StartBareGrpcServer(bench, answer);
  const auto bare_client = Client(bare_server.address, bearer, kConnections);
  const RpcWork work{kGetInvoice, [&request](std::int64_t) { return request; }, kCallers};
  const auto side = [&](const std::string& name, RpcClient& to, pid_t server) {
    return Side{name, [&, server] {
                  return Need(RunClosedLoop(to, work, bench.options().window, server));
                }};
  };
  Side subject = side("GetInvoice from the cache", *client, both.invoices.pid());
  Side limit = side("bare callback server", *bare_client, bare_server.pid());
  Interleave(bench.options().runs, {&subject, &limit});
  Row row =
      RatioRow(9, subject.name, "us CPU/call", CpuMicros, subject, limit, Bound::kAtMost, 1.2);
  row.note = absl::StrCat(answer.size(), " bytes an answer, 4 connections x 32 callers");
  report.Add(std::move(row));
}

}  // namespace marginalia::bench
