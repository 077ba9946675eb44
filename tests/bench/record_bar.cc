#include <filesystem>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "comments-service/record/signed_note.h"
#include "tests/bench/bars.h"
#include "tests/bench/clock.h"
#include "tests/bench/comments_data.h"
#include "tests/bench/interrupt.h"
#include "tests/bench/loaded_data.h"
#include "tests/bench/need.h"
#include "tests/bench/services_under_test.h"

namespace marginalia::bench {
namespace {

constexpr char kInclusion[] = "/marginalia.comments.v1.CommentsService/GetInclusionProof";
constexpr char kCheckpoint[] = "/marginalia.comments.v1.CommentsService/GetCheckpoint";
constexpr char kConsistency[] = "/marginalia.comments.v1.CommentsService/GetConsistencyProof";
constexpr std::int64_t kManyEntries = kLongThreadComments;
constexpr std::int64_t kFewEntries = 1'000;
// Entries are asked for in an order that no cache guesses: steps of a prime.
constexpr std::int64_t kEntryStep = 15'485'863;
constexpr int kProofHashesOfMany = 20;
// An older database's entries are taken into its tree first.
constexpr absl::Duration kTreeMax = absl::Minutes(5);

// A key for signing checkpoints.
std::string NewKeyPath(Bench& bench) {
  const std::filesystem::path path = bench.NewFolder("key") / "checkpoint.pem";
  std::ofstream(path) << SigningKey::Make().Pem();
  std::filesystem::permissions(path, std::filesystem::perms(0600));
  return path;
}

// A service whose tenant has so many entries, all of them in its tree.
class Log {
 public:
  Log(Bench& bench, const std::filesystem::path& data, std::int64_t entries)
      : entries_(entries),
        comments_(
            StartCommentsService(bench, data, "", {"--checkpoint_key_path=" + NewKeyPath(bench)})) {
    client_ = Client(
        comments_.address,
        bench.mint().Mint({.org = kOrg, .sub = "grace", .name = "Grace Hopper", .role = "admin"}));
    if (entries == kFewEntries) {
      ImportThread(*Client(comments_.address, bench.ImporterToken()), InvoiceId(0),
                   static_cast<int>(entries));
    }
  }

  void WaitForTree() {
    const std::int64_t until = NowNanos() + absl::ToInt64Nanoseconds(kTreeMax);
    comments::v1::GetInclusionProofRequest request;
    comments::v1::GetInclusionProofResponse proof;
    request.set_number(entries_);
    while (!client_->CallAndWait(kInclusion, request, &proof).ok()) {
      Need(CheckInterrupt());
      if (NowNanos() > until) throw BarFailed("the tree does not take all entries in");
      Pause(absl::Milliseconds(100));
    }
    if (proof.hashes_size() > kProofHashesOfMany) {
      throw BarFailed(absl::StrCat("a proof has ", proof.hashes_size(), " hashes"));
    }
  }

  Side Inclusion(Bench& bench) {
    return ProofSide(bench, kInclusion, [entries = entries_](std::int64_t call) {
      comments::v1::GetInclusionProofRequest request;
      request.set_number(1 + call * kEntryStep % entries);
      request.set_size(entries);
      return BytesOf(request);
    });
  }

  Side Checkpoint(Bench& bench) {
    return ProofSide(bench, kCheckpoint,
                     [](std::int64_t) { return BytesOf(comments::v1::GetCheckpointRequest()); });
  }

  Side Consistency(Bench& bench) {
    return ProofSide(bench, kConsistency, [entries = entries_](std::int64_t call) {
      comments::v1::GetConsistencyProofRequest request;
      request.set_first(1 + call * kEntryStep % entries);
      request.set_second(entries);
      return BytesOf(request);
    });
  }

 private:
  Side ProofSide(Bench& bench, const char* method,
                 std::function<grpc::ByteBuffer(std::int64_t)> request) {
    const RpcWork work{.method = method, .request = std::move(request), .callers = 1};
    return {absl::StrCat("at ", entries_, " entries"),
            [this, work, window = bench.options().window] {
              return Need(RunClosedLoop(*client_, work, window, comments_.pid()));
            }};
  }

  const std::int64_t entries_;
  Service comments_;
  std::unique_ptr<RpcClient> client_;
};

void AddRows(Report& report, const std::string& what, const Side& many, const Side& few) {
  report.Add(RatioRow(15, absl::StrCat(what, " at 1,000,000 entries"), "us CPU/call", CpuMicros,
                      many, few, Bound::kAtMost, 1.5));
  Row row;
  row.bar = 15;
  row.what = absl::StrCat(what, " at 1,000,000 entries, p99");
  row.unit = "ms";
  row.measured = many.Middle(P99Millis);
  row.measured_runs = many.All(P99Millis);
  row.bound = Bound::kAtMost;
  row.bar_value = 2;
  row.note =
      absl::StrCat("p50 ", many.Middle(P50Millis), " ms; one caller, another entry each time");
  report.Add(std::move(row));
}

}  // namespace

void ProofBars(Bench& bench, Report& report) {
  Log many(bench, LongThreadData(bench), kManyEntries);
  Log few(bench, bench.NewFolder("short-log"), kFewEntries);
  many.WaitForTree();
  few.WaitForTree();
  Side many_inclusion = many.Inclusion(bench);
  Side few_inclusion = few.Inclusion(bench);
  Interleave(bench.options().runs, {&many_inclusion, &few_inclusion});
  AddRows(report, "inclusion proof", many_inclusion, few_inclusion);
  Side many_consistency = many.Consistency(bench);
  Side few_consistency = few.Consistency(bench);
  Interleave(bench.options().runs, {&many_consistency, &few_consistency});
  AddRows(report, "consistency proof", many_consistency, few_consistency);
  Side many_checkpoint = many.Checkpoint(bench);
  Side few_checkpoint = few.Checkpoint(bench);
  Interleave(bench.options().runs, {&many_checkpoint, &few_checkpoint});
  AddRows(report, "checkpoint", many_checkpoint, few_checkpoint);
}

}  // namespace marginalia::bench
