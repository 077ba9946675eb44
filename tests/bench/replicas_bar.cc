#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "tests/bench/bars.h"
#include "tests/bench/comments_data.h"
#include "tests/bench/need.h"
#include "tests/bench/postgres_waits.h"
#include "tests/bench/raw_postgres.h"
#include "tests/bench/services_under_test.h"
#include "tests/support/http_client.h"
#include "tests/support/postgres_node.h"

namespace marginalia::bench {
namespace {

constexpr int kBar = 12;
constexpr int kReplicasMax = 3;
constexpr int kCallers = 64;
// The same number of them for one, two and three replicas.
constexpr int kConnections = 12;
constexpr int kInvoices = 1000;
constexpr int kRawPositionsMax = 20'000;
// One replica holds itself against bare PostgreSQL, the others against one.
constexpr double kOfRawMin = 0.5;
constexpr double kOfOneMin = 0.9;

// Several comments-services on a database of their own, and the load on them.
struct ReplicasUnderTest {
  std::vector<Service> services;
  std::vector<std::string> metrics_addresses;
  std::unique_ptr<RpcClient> client;
  std::string superuser_url;
  SessionsByWait waits;  // of the last run
};

ReplicasUnderTest StartReplicas(Bench& bench, PostgresNode& node, int count) {
  ReplicasUnderTest replicas;
  const std::string database = absl::StrCat("comments_", count);
  const std::string url = node.NewDatabase(database);
  replicas.superuser_url = node.Url(database, kPostgresSuperuser);
  std::vector<std::string> addresses;
  for (int i = 0; i < count; ++i) {
    Service& service = replicas.services.emplace_back(StartCommentsReplica(bench, url));
    addresses.push_back(service.address);
    replicas.metrics_addresses.push_back(
        Need(service.process->Logged("listening", "metrics_address")));
  }
  replicas.client = Client(absl::StrJoin(addresses, ","), bench.MemberToken(), kConnections);
  return replicas;
}

// The sum of a metric over all its label sets and all replicas.
double MetricOf(const ReplicasUnderTest& replicas, const std::string& name) {
  double sum = 0;
  for (const std::string& address : replicas.metrics_addresses) {
    const std::string text = HttpClient(address).Get("/metrics").body;
    for (const std::string& line : std::vector<std::string>(absl::StrSplit(text, '\n'))) {
      if (!line.starts_with(name + " ") && !line.starts_with(name + "{")) continue;
      double value = 0;
      if (absl::SimpleAtod(line.substr(line.rfind(' ') + 1), &value)) sum += value;
    }
  }
  return sum;
}

double AverageOf(const ReplicasUnderTest& replicas, const std::string& histogram) {
  return MetricOf(replicas, histogram + "_sum") /
         std::max(1.0, MetricOf(replicas, histogram + "_count"));
}

std::string WhereTheTimeGoes(const ReplicasUnderTest& replicas) {
  return absl::StrFormat(
      "%.1f writes a group, COMMIT %.2f ms on average; sessions in a transaction, by what they "
      "wait for: %s",
      AverageOf(replicas, "marginalia_group_writes"),
      AverageOf(replicas, "marginalia_commit_seconds") * 1e3, Describe(replicas.waits));
}

LoadResult Load(const Bench& bench, ReplicasUnderTest& replicas) {
  const auto request = [](std::int64_t call) {
    return BytesOf(NewComment(InvoiceId(call % kInvoices), call));
  };
  replicas.waits.clear();
  const PostgresWaits waits(replicas.superuser_url, replicas.waits);
  return Need(RunClosedLoop(*replicas.client, {kAddComment, request, kCallers},
                            bench.options().window, replicas.services.front().pid()));
}

}  // namespace

void ReplicasBar(Bench& bench, Report& report) {
  // As an installation would have it: durable, with room for a few minutes of writes between
  // checkpoints.
  PostgresNode node({"shared_buffers=256MB", "max_wal_size=4GB"});
  std::array<ReplicasUnderTest, kReplicasMax> replicas;
  std::vector<Side> sides;
  for (int count = 1; count <= kReplicasMax; ++count) {
    ReplicasUnderTest& under_test = replicas[static_cast<std::size_t>(count - 1)];
    under_test = StartReplicas(bench, node, count);
    sides.push_back({absl::StrCat(count), [&] { return Load(bench, under_test); }});
  }
  std::vector<Side*> interleaved;
  for (Side& side : sides) interleaved.push_back(&side);
  Interleave(bench.options().runs, interleaved);
  std::vector<double> raw;
  for (int run = 0; run < bench.options().runs; ++run) {
    raw.push_back(RawPostgresPerSecond(replicas.front().superuser_url, kCallers, kRawPositionsMax));
  }
  for (std::size_t i = 0; i < sides.size(); ++i) {
    Row rate;
    rate.bar = kBar;
    rate.what = absl::StrCat("AddComment on PostgreSQL, replicas: ", i + 1);
    rate.unit = "per s";
    rate.measured = sides[i].Middle(CallsPerSecond);
    rate.measured_runs = sides[i].All(CallsPerSecond);
    const bool alone = i == 0;
    rate.limit_name =
        alone ? "bare PostgreSQL, same rows, 64 a commit, one session" : "one replica";
    rate.limit_runs = alone ? raw : sides.front().All(CallsPerSecond);
    rate.limit = Median(rate.limit_runs);
    rate.bound = Bound::kAtLeast;
    rate.bar_value = alone ? kOfRawMin : kOfOneMin;
    rate.note = WhereTheTimeGoes(replicas[i]);
    report.Add(std::move(rate));
    Row tail;
    tail.bar = kBar;
    tail.what = absl::StrCat("its p99, replicas: ", i + 1);
    tail.unit = "ms";
    tail.measured = sides[i].Middle(P99Millis);
    tail.measured_runs = sides[i].All(P99Millis);
    report.Add(std::move(tail));
  }
}

}  // namespace marginalia::bench
