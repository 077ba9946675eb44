// What every bar needs: where the programs and the data are, how long to measure, and tokens of
// demo callers. Made once by main; used by one thread, tokens and ids by any.
#ifndef MARGINALIA_TESTS_BENCH_BENCH_H_
#define MARGINALIA_TESTS_BENCH_BENCH_H_

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "deploy/keys/token_mint.h"
#include "tests/bench/report.h"
#include "tests/bench/rpc_load.h"

namespace marginalia::bench {

// The tenant that all figures are measured in.
inline constexpr char kOrg[] = "bench";

struct BenchOptions {
  // Interleaved runs of the subject and its limit.
  int runs = 5;
  Window window;
  // The build folder of the release preset.
  std::filesystem::path build;
  // Loaded databases stay here from run to run; everything else is removed.
  std::filesystem::path data;
  // The folder of the Fastify server, with its packages installed.
  std::filesystem::path fastify;
  // How large the databases of the growth bars are.
  std::int64_t growth_comments = 5'000'000;
  std::int64_t growth_invoices = 1'000'000;
};

class Bench {
 public:
  explicit Bench(BenchOptions options);
  // Removes what this run made.
  ~Bench();

  const BenchOptions& options() const { return options_; }

  // A new empty folder, removed at the end.
  std::filesystem::path NewFolder(const std::string& name);

  // A program of the benchmark or of the project, by the name of its CMake target.
  std::string Program(const std::string& target) const;

  // Tokens, valid for the whole run.
  std::string MemberToken(const std::string& sub = "ada") const;
  std::string ImporterToken() const;
  // The path of a file with the token of a machine that acts for all tenants.
  std::string ServiceTokenPath() const { return run_folder_ / "service-token"; }
  const TokenMint& mint() const { return *mint_; }

 private:
  BenchOptions options_;
  std::filesystem::path run_folder_;
  std::unique_ptr<TokenMint> mint_;
  int folders_ = 0;
};

// One thing that is measured once per interleaved run.
struct Side {
  std::string name;
  std::function<LoadResult()> run;
  std::vector<LoadResult> results = {};

  std::vector<double> All(double (*figure)(const LoadResult&)) const;
  double Middle(double (*figure)(const LoadResult&)) const { return Median(All(figure)); }
};

double CpuMicros(const LoadResult& result);
double CallsPerSecond(const LoadResult& result);
double P50Millis(const LoadResult& result);
double P99Millis(const LoadResult& result);

// Runs them A B A B …, `runs` times each, so that the machine's moods fall on all alike.
void Interleave(int runs, const std::vector<Side*>& sides);

// A row of `subject` over `limit` by one figure, as medians of their runs.
Row RatioRow(int bar, std::string what, std::string unit, double (*figure)(const LoadResult&),
             const Side& subject, const Side& limit, Bound bound, double bar_value);

}  // namespace marginalia::bench

#endif  // MARGINALIA_TESTS_BENCH_BENCH_H_
