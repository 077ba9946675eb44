#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/bench/bars.h"
#include "tests/bench/comments_data.h"
#include "tests/bench/loaded_data.h"
#include "tests/bench/need.h"
#include "tests/bench/services_under_test.h"

namespace marginalia::bench {
namespace {

constexpr int kConnections = 4;
constexpr int kCallersPerConnection = 32;
constexpr int kCallers = kConnections * kCallersPerConnection;
constexpr int kPageSize = 20;
constexpr int kHotThreadComments = 1000;
// Deep pages are asked for in an order that no cache guesses: steps of a prime that is larger than
// the number of pages.
constexpr std::int64_t kPageStep = 15'485'863;
// The deepest page of a long thread is sought with the largest pages, so that the walk is short.
constexpr int kWalkPageSize = 100;
// All pages of a thread of a million are four times what memory keeps: in turn, each is cold. So
// many are read again and again for those that were read before.
constexpr std::size_t kKnownPages = 2'000;

RpcWork Pages(std::vector<grpc::ByteBuffer> requests) {
  return {
      .method = kListComments,
      .request = [requests = std::move(requests)](
                     std::int64_t call) { return requests[call * kPageStep % requests.size()]; },
      .callers = kCallers};
}

// A side that reads pages from one server over connections of its own.
Side PageSide(const Bench& bench, std::string name, RpcClient& client, RpcWork work, pid_t server) {
  return {std::move(name),
          [&client, work = std::move(work), server, window = bench.options().window] {
            return Need(RunClosedLoop(client, work, window, server));
          }};
}

struct PageReader {
  PageReader(const Bench& bench, const Service& service)
      : client(Client(service.address, bench.MemberToken(), kConnections)) {}

  std::string Read(const grpc::ByteBuffer& request) const {
    return StringOf(Need(client->CallAndWait(kListComments, request)));
  }

  std::unique_ptr<RpcClient> client;
};

void AgainstBareServer(Bench& bench, Report& report, int bar, const std::string& what,
                       const Service& comments, const std::vector<grpc::ByteBuffer>& requests,
                       double bar_value) {
  const PageReader reader(bench, comments);
  const std::string answer = reader.Read(requests.front());
  const Service bare_server = StartBareGrpcServer(bench, answer);
  const PageReader bare_reader(bench, bare_server);
  Side subject = PageSide(bench, what, *reader.client, Pages(requests), comments.pid());
  Side limit = PageSide(bench, "bare callback server", *bare_reader.client, Pages(requests),
                        bare_server.pid());
  Interleave(bench.options().runs, {&subject, &limit});
  Row row =
      RatioRow(bar, what, "us CPU/call", CpuMicros, subject, limit, Bound::kAtMost, bar_value);
  row.note = std::to_string(answer.size()) + " bytes an answer, 4 connections x 32 callers";
  report.Add(std::move(row));
}

// `of`: what is said of the threads in the rows' names.
void CompareLengths(Bench& bench, Report& report, const std::filesystem::path& data,
                    const std::string& of) {
  const Service comments = StartCommentsService(bench, data);
  const PageReader reader(bench, comments);
  const auto compare = [&](const std::string& what, const std::string& long_token,
                           const std::string& short_token) {
    const auto side = [&](const std::string& name, int invoice, const std::string& token) {
      return PageSide(bench, name, *reader.client,
                      Pages({PageRequest(InvoiceId(invoice), kPageSize, token)}), comments.pid());
    };
    Side subject = side(absl::StrCat(what, ", of 1,000,000", of), 0, long_token);
    Side limit = side("the same page of 100", 1, short_token);
    Interleave(bench.options().runs, {&subject, &limit});
    report.Add(
        RatioRow(3, subject.name, "us CPU/call", CpuMicros, subject, limit, Bound::kAtMost, 1.2));
  };
  compare("newest page", "", "");
  compare("deepest page", WalkThread(*reader.client, InvoiceId(0), kWalkPageSize).back(),
          WalkThread(*reader.client, InvoiceId(1), kPageSize).back());
}

}  // namespace

void NewestPageBar(Bench& bench, Report& report) {
  const Service comments = StartCommentsService(bench, bench.NewFolder("hot-thread"));
  ImportThread(*Client(comments.address, bench.ImporterToken()), InvoiceId(0), kHotThreadComments);
  AgainstBareServer(bench, report, 1, "ListComments, newest page of a hot thread", comments,
                    {PageRequest(InvoiceId(0), kPageSize, "")}, 1.1);
}

void DeepPageBar(Bench& bench, Report& report) {
  const Service comments = StartCommentsService(bench, LongThreadData(bench));
  const PageReader reader(bench, comments);
  std::vector<grpc::ByteBuffer> requests;
  for (const std::string& token : WalkThread(*reader.client, InvoiceId(0), kPageSize)) {
    requests.push_back(PageRequest(InvoiceId(0), kPageSize, token));
  }
  AgainstBareServer(bench, report, 2,
                    absl::StrCat("ListComments, ", requests.size(), " deep pages in turn, cold"),
                    comments, requests, 3.0);
  // Spread over the whole thread.
  std::vector<grpc::ByteBuffer> known;
  for (std::size_t i = 0; i < kKnownPages; ++i) {
    known.push_back(requests[i * requests.size() / kKnownPages]);
    reader.Read(known.back());
  }
  AgainstBareServer(bench, report, 2, "ListComments, deep pages that were read before", comments,
                    known, 1.3);
}

void ThreadLengthBar(Bench& bench, Report& report) {
  CompareLengths(bench, report, LongThreadData(bench), "");
  CompareLengths(bench, report, ChangedThreadData(bench), ", every tenth edited or removed");
}

}  // namespace marginalia::bench
