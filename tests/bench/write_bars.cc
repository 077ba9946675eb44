#include <cstdio>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/bench/bars.h"
#include "tests/bench/comments_data.h"
#include "tests/bench/etcd.pb.h"
#include "tests/bench/etcd_server.h"
#include "tests/bench/need.h"
#include "tests/bench/raw_sqlite.h"
#include "tests/bench/services_under_test.h"

namespace marginalia::bench {
namespace {

constexpr int kCallers = 64;
constexpr int kConnections = 4;
constexpr int kInvoices = 1000;
constexpr double kOfEtcdMin = 0.9;
constexpr double kOfEtcdTxnMin = 1.5;
constexpr char kTxn[] = "/etcdserverpb.KV/Txn";
// Hash, commitments, actor and times of an audit entry.
constexpr std::size_t kAuditValueBytes = 180;
constexpr int kRawPositionsMax = 100'000;

grpc::ByteBuffer CommentRequest(std::int64_t call) {
  return BytesOf(NewComment(InvoiceId(call % kInvoices), call));
}

// The same bytes as a comment's: invoice and comment id as key, body as value.
grpc::ByteBuffer PutRequest(std::int64_t call) {
  etcdserverpb::PutRequest request;
  request.set_key(absl::StrCat(InvoiceId(call % kInvoices), "/", RandomUuid()));
  request.set_value(BodyOf(call));
  return BytesOf(request);
}

// What a comment leaves behind: its row, its place in the thread, its id, its audit entry and its
// event, in about the bytes that each has without what etcd would add by itself.
grpc::ByteBuffer TxnRequest(std::int64_t call) {
  const std::string invoice = InvoiceId(call % kInvoices);
  const std::string id = RandomUuid();
  const std::string position =
      absl::StrCat(absl::Dec(call, absl::kZeroPad16), "-", id.substr(0, 8));
  etcdserverpb::TxnRequest request;
  etcdserverpb::Compare& unused = *request.add_compare();
  unused.set_target(etcdserverpb::Compare::CREATE);
  unused.set_key("ids/" + id);
  unused.set_create_revision(0);
  const auto put = [&request](const std::string& key, const std::string& value) {
    etcdserverpb::PutRequest& row = *request.add_success()->mutable_request_put();
    row.set_key(key);
    row.set_value(value);
  };
  put("ids/" + id, position);
  put("comments/" + position, absl::StrCat(invoice, id, "ada", "Ada Lovelace", BodyOf(call)));
  put(absl::StrCat("threads/", invoice, "/", position), position);
  put("audit/" + position, absl::StrCat(invoice, id, std::string(kAuditValueBytes, 'a')));
  put("events/" + position, absl::StrCat(invoice, id));
  return BytesOf(request);
}

void CheckTxn(RpcClient& etcd) {
  etcdserverpb::TxnResponse answer;
  if (!answer.ParseFromString(StringOf(Need(etcd.CallAndWait(kTxn, TxnRequest(0))))) ||
      !answer.succeeded()) {
    throw BarFailed("etcd did not apply a transaction of fresh keys");
  }
}

Side WriteSide(const Bench& bench, std::string name, RpcClient& client, RpcWork work,
               pid_t server) {
  return {std::move(name),
          [&client, work = std::move(work), server, window = bench.options().window] {
            return Need(RunClosedLoop(client, work, window, server));
          }};
}

void AddRawSqliteRow(Bench& bench, Report& report, const Side& subject,
                     const std::filesystem::path& recorded) {
  Row row;
  row.bar = 4;
  row.what = "AddComment against SQLite alone, 64 a commit";
  row.unit = "per s";
  row.measured = subject.Middle(CallsPerSecond);
  row.measured_runs = subject.All(CallsPerSecond);
  row.limit_name = "raw SQLite, same rows";
  for (int run = 0; run < bench.options().runs; ++run) {
    row.limit_runs.push_back(RawSqlitePerSecond(recorded, bench.NewFolder("raw") / "copy.db",
                                                kCallers, kRawPositionsMax));
  }
  row.limit = Median(row.limit_runs);
  row.note =
      "the C API in one thread, nobody else running; the service shares the cores with its load";
  report.Add(std::move(row));
}

}  // namespace

void AddCommentBars(Bench& bench, Report& report) {
  const std::filesystem::path folder = bench.NewFolder("write");
  Service comments = StartCommentsService(bench, folder);
  const auto etcd = Need(EtcdServer::Start(bench.NewFolder("etcd")));
  const auto writer = Client(comments.address, bench.MemberToken(), kConnections);
  const auto putter = Client(etcd->address(), "", kConnections);
  Side subject = WriteSide(bench, "AddComment", *writer, {kAddComment, CommentRequest, kCallers},
                           comments.pid());
  Side limit = WriteSide(bench, "etcd Put", *putter, {"/etcdserverpb.KV/Put", PutRequest, kCallers},
                         etcd->pid());
  CheckTxn(*putter);
  Side txn =
      WriteSide(bench, "etcd Txn, five keys", *putter, {kTxn, TxnRequest, kCallers}, etcd->pid());
  Interleave(bench.options().runs, {&subject, &limit, &txn});
  const std::string shape = absl::StrCat(
      kCallers, " callers on ", kConnections, " connections, 1,000 invoices in turn, UUIDv4 ids; ",
      CommentRequest(0).Length(), " bytes a comment, ", PutRequest(0).Length(), " a put");
  Row rate = RatioRow(4, "AddComment, 64 callers", "per s", CallsPerSecond, subject, limit,
                      Bound::kAtLeast, kOfEtcdMin);
  rate.note = shape;
  report.Add(std::move(rate));
  Row rows = RatioRow(4, "AddComment, 64 callers, against a Txn", "per s", CallsPerSecond, subject,
                      txn, Bound::kAtLeast, kOfEtcdTxnMin);
  rows.note = absl::StrCat("the same five rows as keys, if the id is unused; ",
                           TxnRequest(0).Length(), " bytes a transaction");
  report.Add(std::move(rows));
  Row tail = RatioRow(5, "AddComment p99, 64 callers", "ms", P99Millis, subject, limit,
                      Bound::kAtMost, 1.0);
  report.Add(std::move(tail));
  report.Add(RatioRow(4, "AddComment, CPU of the server", "us CPU/call", CpuMicros, subject, limit,
                      Bound::kNone, 0));
  comments.process->Stop();
  AddRawSqliteRow(bench, report, subject, folder / "comments.db");
}

}  // namespace marginalia::bench
