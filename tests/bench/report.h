// The table of ratios, on standard output and as JSON. Owned by main; one thread.
#ifndef MARGINALIA_TESTS_BENCH_REPORT_H_
#define MARGINALIA_TESTS_BENCH_REPORT_H_

#include <string>
#include <vector>

namespace marginalia::bench {

enum class Bound { kAtMost, kAtLeast, kNone };

// One line of the table.
struct Row {
  // The number in README.md; rows without a bar of their own stand beside the one they
  // explain.
  int bar = 0;
  std::string what;
  std::string unit;
  // The medians, and all runs behind them.
  double measured = 0;
  std::vector<double> measured_runs;
  // What it is held against, such as "bare callback server"; empty: an absolute bar.
  std::string limit_name;
  double limit = 0;
  std::vector<double> limit_runs;
  // What `value()` must be.
  Bound bound = Bound::kNone;
  double bar_value = 0;
  // Anything that a reader must know to judge the figure.
  std::string note;

  // The ratio, or the measured value where the bar is absolute.
  double value() const { return limit_name.empty() ? measured : measured / limit; }
  bool passed() const;
};

double Median(std::vector<double> values);

class Report {
 public:
  // Prints the row as it comes, so that a long run shows where it is.
  void Add(Row row);
  // A bar whose measurement failed: said loudly, and exit_code() is 1 from then on.
  void AddFailure(int bar, const std::string& what, const std::string& why);

  void PrintTable() const;
  // Fails the run when the file cannot be written.
  void WriteJson(const std::string& path, const std::string& revision, int runs, double seconds);

  // 0 unless a measurement failed; a missed bar is reported, not an error.
  int exit_code() const { return failures_.empty() ? 0 : 1; }

 private:
  struct Failure {
    int bar = 0;
    std::string what;
    std::string why;
  };
  std::vector<Row> rows_;
  std::vector<Failure> failures_;
};

}  // namespace marginalia::bench

#endif  // MARGINALIA_TESTS_BENCH_REPORT_H_
