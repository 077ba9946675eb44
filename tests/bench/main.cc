// Measures the bars of README.md beside their limits.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "tests/bench/bars.h"
#include "tests/bench/interrupt.h"
#include "tests/bench/need.h"

ABSL_FLAG(std::string, build, "build/release", "the build folder with the programs to measure");
ABSL_FLAG(std::string, data, "build/bench", "where databases are made; filled ones are kept there");
ABSL_FLAG(std::string, json, "build/bench/result.json", "where the same table goes as JSON");
ABSL_FLAG(std::string, revision, "", "what is measured, for the JSON");
ABSL_FLAG(std::vector<std::string>, only, {}, "the bars to measure, such as 1,4; empty: all");
ABSL_FLAG(int, runs, 0, "interleaved runs behind each median; 0: 5, or 3 with --quick");
ABSL_FLAG(bool, quick, false,
          "3 runs of 1 s instead of 5 of 3 s, and a tenth of the comments and invoices of bar 15");
ABSL_FLAG(
    std::int64_t, growth_comments, 0,
    "how many comments bar 15 writes beside, filled once; 0: 5,000,000, with --quick 500,000");
ABSL_FLAG(std::int64_t, growth_invoices, 0,
          "how many invoices bar 15 lists, filled once; 0: 1,000,000, with --quick 100,000");
ABSL_FLAG(std::string, fastify, "tests/bench/fastify",
          "the folder of the Fastify server, with its packages installed");

namespace marginalia::bench {
namespace {

constexpr int kBarsMax = 17;

struct Bar {
  std::vector<int> numbers;
  std::string what;
  void (*measure)(Bench&, Report&);
};

const std::vector<Bar>& Bars() {
  static const auto& bars = *new std::vector<Bar>{
      {{1}, "ListComments, newest page", NewestPageBar},
      {{2}, "ListComments, deep page", DeepPageBar},
      {{3}, "long thread against short thread", ThreadLengthBar},
      {{4, 5}, "AddComment", AddCommentBars},
      {{6}, "commit to watcher", WatchBar},
      {{7}, "acknowledged to count visible", CountVisibleBar},
      {{8}, "projector catching up", CatchUpBar},
      {{9}, "GetInvoice from the cache", GetInvoiceBar},
      {{10}, "gateway", GatewayBars},
      {{11}, "memory", MemoryBars},
      {{12}, "replicas on PostgreSQL", ReplicasBar},
      {{14}, "bytes of a comment", SizeBar},
      {{15}, "proofs of the record", ProofBars},
      {{15}, "growth", GrowthBars},
      {{16}, "beside a flood of the gateway", FloodBars},
      {{16}, "beside a flood of comments-service", RpcFloodBars},
      {{17}, "beside what a web team would build", FastifyBars},
  };
  return bars;
}

std::set<int> Wanted() {
  std::set<int> wanted;
  for (const std::string& text : absl::GetFlag(FLAGS_only)) {
    int number = 0;
    if (!absl::SimpleAtoi(text, &number) || number < 1 || number > kBarsMax) {
      std::fprintf(stderr, "--only takes bars from 1 to %d, such as --only=1,4; got %s\n", kBarsMax,
                   text.c_str());
      std::exit(2);
    }
    wanted.insert(number);
  }
  return wanted;
}

// A multiple of what one thread has, and of one import.
std::int64_t SizeOf(const absl::Flag<std::int64_t>& flag, std::int64_t unless_given) {
  const std::int64_t given = absl::GetFlag(flag);
  if (given == 0) return unless_given;
  if (given >= 10'000 && given % 1'000 == 0) return given;
  std::fputs("--growth_comments and --growth_invoices take thousands, from 10000 on\n", stderr);
  std::exit(2);
}

BenchOptions OptionsFromFlags() {
  BenchOptions options;
  const bool quick = absl::GetFlag(FLAGS_quick);
  options.runs = absl::GetFlag(FLAGS_runs) > 0 ? absl::GetFlag(FLAGS_runs) : quick ? 3 : 5;
  options.window.measured = absl::Seconds(quick ? 1 : 3);
  options.build = std::filesystem::absolute(absl::GetFlag(FLAGS_build));
  options.data = std::filesystem::absolute(absl::GetFlag(FLAGS_data));
  options.fastify = std::filesystem::absolute(absl::GetFlag(FLAGS_fastify));
  options.growth_comments = SizeOf(FLAGS_growth_comments, quick ? 500'000 : 5'000'000);
  options.growth_invoices = SizeOf(FLAGS_growth_invoices, quick ? 100'000 : 1'000'000);
  return options;
}

bool IsWanted(const Bar& bar, const std::set<int>& wanted) {
  if (wanted.empty()) return true;
  for (const int number : bar.numbers) {
    if (wanted.contains(number)) return true;
  }
  return false;
}

int Measure() {
  const std::set<int> wanted = Wanted();
  const BenchOptions options = OptionsFromFlags();
  Report report;
  Bench bench(options);
  for (const Bar& bar : Bars()) {
    if (!IsWanted(bar, wanted) || Interrupted()) continue;
    std::fprintf(stderr, "bar %d: %s\n", bar.numbers.front(), bar.what.c_str());
    try {
      bar.measure(bench, report);
    } catch (const std::exception& failure) {
      report.AddFailure(bar.numbers.front(), bar.what, failure.what());
    }
  }
  report.PrintTable();
  report.WriteJson(absl::GetFlag(FLAGS_json), absl::GetFlag(FLAGS_revision), options.runs,
                   absl::ToDoubleSeconds(options.window.measured));
  return Interrupted() ? 1 : report.exit_code();
}

}  // namespace
}  // namespace marginalia::bench

int main(int argc, char** argv) {
  absl::SetProgramUsageMessage("measures the bars of README.md beside their limits");
  if (absl::ParseCommandLine(argc, argv).size() > 1) {
    std::fputs("there are only flags; see --help\n", stderr);
    return 2;
  }
  marginalia::bench::CatchInterrupts();
  try {
    return marginalia::bench::Measure();
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "bench: %s\n", failure.what());
    return 1;
  }
}
