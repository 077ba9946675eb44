#include "tests/bench/report.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <cstdio>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tests/bench/machine.h"
#include "tests/bench/need.h"

namespace marginalia::bench {
namespace {

// Small figures with the digits that matter, large ones without.
std::string Figure(double value) {
  if (value >= 1000) return absl::StrFormat("%.0f", value);
  return value >= 100 ? absl::StrFormat("%.1f", value) : absl::StrFormat("%.2f", value);
}

std::string BarOf(const Row& row) {
  if (row.bound == Bound::kNone) return "";
  return absl::StrCat(row.bound == Bound::kAtMost ? "<= " : ">= ", Figure(row.bar_value),
                      row.limit_name.empty() ? absl::StrCat(" ", row.unit) : "");
}

std::string VerdictOf(const Row& row) {
  if (row.bound == Bound::kNone) return "";
  return row.passed() ? "pass" : "MISS";
}

std::string LineOf(const Row& row) {
  const std::string limit = row.limit_name.empty() ? "" : Figure(row.limit);
  const std::string ratio = row.limit_name.empty() ? "" : absl::StrFormat("%.2f", row.value());
  return absl::StrFormat("%3d  %-44s %10s %10s %-11s %6s  %-16s %-5s %s", row.bar, row.what,
                         Figure(row.measured), limit, row.unit, ratio, BarOf(row), VerdictOf(row),
                         row.limit_name);
}

boost::json::array ArrayOf(const std::vector<double>& values) {
  return boost::json::array(values.begin(), values.end());
}

boost::json::object JsonOf(const Row& row) {
  boost::json::object json;
  json["bar"] = row.bar;
  json["what"] = row.what;
  json["unit"] = row.unit;
  json["measured"] = row.measured;
  json["measuredRuns"] = ArrayOf(row.measured_runs);
  if (!row.limit_name.empty()) {
    json["limitName"] = row.limit_name;
    json["limit"] = row.limit;
    json["limitRuns"] = ArrayOf(row.limit_runs);
    json["ratio"] = row.value();
  }
  if (row.bound != Bound::kNone) {
    json[row.bound == Bound::kAtMost ? "atMost" : "atLeast"] = row.bar_value;
    json["passed"] = row.passed();
  }
  if (!row.note.empty()) json["note"] = row.note;
  return json;
}

}  // namespace

bool Row::passed() const {
  return bound == Bound::kAtMost ? value() <= bar_value : value() >= bar_value;
}

double Median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

void Report::Add(Row row) {
  std::fprintf(stderr, "%s\n", LineOf(row).c_str());
  rows_.push_back(std::move(row));
}

void Report::AddFailure(int bar, const std::string& what, const std::string& why) {
  std::fprintf(stderr, "%3d  %s FAILED: %s\n", bar, what.c_str(), why.c_str());
  failures_.push_back({bar, what, why});
}

void Report::PrintTable() const {
  for (const auto& [name, value] : DescribeMachine()) {
    std::printf("%-12s %s\n", name.c_str(), value.c_str());
  }
  std::printf("\n%3s  %-44s %10s %10s %-11s %6s  %-16s %-5s %s\n", "bar", "what", "measured",
              "limit", "unit", "ratio", "bar", "", "limit is");
  for (const Row& row : rows_) {
    std::printf("%s\n", LineOf(row).c_str());
    if (!row.note.empty()) std::printf("       %s\n", row.note.c_str());
  }
  for (const Failure& failure : failures_) {
    std::printf("%3d  %s: FAILED, no figure: %s\n", failure.bar, failure.what.c_str(),
                failure.why.c_str());
  }
}

void Report::WriteJson(const std::string& path, const std::string& revision, int runs,
                       double seconds) {
  boost::json::object machine;
  for (const auto& [name, value] : DescribeMachine()) machine[name] = value;
  boost::json::array rows;
  for (const Row& row : rows_) rows.push_back(JsonOf(row));
  boost::json::array failures;
  for (const Failure& failure : failures_) {
    failures.push_back({{"bar", failure.bar}, {"what", failure.what}, {"why", failure.why}});
  }
  boost::json::object json;
  json["revision"] = revision;
  json["runs"] = runs;
  json["secondsPerRun"] = seconds;
  json["machine"] = std::move(machine);
  json["rows"] = std::move(rows);
  json["failures"] = std::move(failures);
  std::ofstream file(path);
  file << boost::json::serialize(json) << '\n';
  if (!file.flush()) throw BarFailed(absl::StrCat("cannot write ", path));
}

}  // namespace marginalia::bench
