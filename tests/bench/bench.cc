#include "tests/bench/bench.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "tests/bench/interrupt.h"
#include "tests/bench/need.h"

namespace marginalia::bench {
namespace {

constexpr absl::Duration kTokenLifetime = absl::Hours(12);

}  // namespace

Bench::Bench(BenchOptions options)
    : options_(std::move(options)), run_folder_(options_.data / absl::StrCat("run-", getpid())) {
  std::filesystem::create_directories(run_folder_);
  mint_ = Need(TokenMint::Open(run_folder_ / "keys"));
  std::ofstream token(ServiceTokenPath());
  token << mint_->Mint({.org = {}, .sub = "bench", .name = "Bench", .role = "service"},
                       kTokenLifetime);
}

Bench::~Bench() {
  std::error_code ignored;
  std::filesystem::remove_all(run_folder_, ignored);
}

std::filesystem::path Bench::NewFolder(const std::string& name) {
  const std::filesystem::path folder = run_folder_ / absl::StrCat(++folders_, "-", name);
  std::filesystem::create_directories(folder);
  return folder;
}

std::string Bench::Program(const std::string& target) const {
  for (const char* folder : {"tests/bench", "comments-service", "invoice-service", "gateway"}) {
    const std::filesystem::path path = options_.build / folder / target;
    if (std::filesystem::is_regular_file(path)) return path;
  }
  throw BarFailed(
      absl::StrCat("the program ", target, " is not built in ", options_.build.string()));
}

std::string Bench::MemberToken(const std::string& sub) const {
  return mint_->Mint({.org = kOrg, .sub = sub, .name = "Ada Lovelace", .role = "member"},
                     kTokenLifetime);
}

std::string Bench::ImporterToken() const {
  return mint_->Mint({.org = kOrg, .sub = "importer", .name = "Importer", .role = "service"},
                     kTokenLifetime);
}

std::vector<double> Side::All(double (*figure)(const LoadResult&)) const {
  std::vector<double> figures;
  std::transform(results.begin(), results.end(), std::back_inserter(figures), figure);
  return figures;
}

double CpuMicros(const LoadResult& result) { return result.cpu_micros; }
double CallsPerSecond(const LoadResult& result) { return result.PerSecond(); }
double P50Millis(const LoadResult& result) {
  return static_cast<double>(result.latency.Percentile(50)) / 1e6;
}
double P99Millis(const LoadResult& result) {
  return static_cast<double>(result.latency.Percentile(99)) / 1e6;
}

void Interleave(int runs, const std::vector<Side*>& sides) {
  for (int run = 1; run <= runs; ++run) {
    for (Side* side : sides) {
      Need(CheckInterrupt());
      const LoadResult& result = side->results.emplace_back(side->run());
      std::fprintf(stderr,
                   "     run %d, %-32s %8.2f us CPU a call, %8.0f/s, p50 %.3f ms, p99 %.3f ms\n",
                   run, side->name.c_str(), result.cpu_micros, result.PerSecond(),
                   P50Millis(result), P99Millis(result));
    }
  }
}

Row RatioRow(int bar, std::string what, std::string unit, double (*figure)(const LoadResult&),
             const Side& subject, const Side& limit, Bound bound, double bar_value) {
  Row row;
  row.bar = bar;
  row.what = std::move(what);
  row.unit = std::move(unit);
  row.measured = subject.Middle(figure);
  row.measured_runs = subject.All(figure);
  row.limit_name = limit.name;
  row.limit = limit.Middle(figure);
  row.limit_runs = limit.All(figure);
  row.bound = bound;
  row.bar_value = bar_value;
  return row;
}

}  // namespace marginalia::bench
