#include <sqlite3.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tests/bench/bars.h"
#include "tests/bench/comments_data.h"
#include "tests/bench/need.h"
#include "tests/bench/services_under_test.h"

namespace marginalia::bench {
namespace {

constexpr double kBytesMax = 650;
constexpr int kCallers = 64;
constexpr int kInvoices = 1000;
// With fewer, pages that are not full yet would show.
constexpr std::int64_t kCommentsMin = 5000;

// The statement's only row: one number, and a text beside it.
double Select(const std::filesystem::path& path, const char* sql, std::string* text = nullptr) {
  sqlite3* opened = nullptr;
  const bool open = sqlite3_open(path.c_str(), &opened) == SQLITE_OK;
  const std::unique_ptr<sqlite3, int (*)(sqlite3*)> database(opened, sqlite3_close);
  sqlite3_stmt* prepared = nullptr;
  if (!open || sqlite3_prepare_v2(opened, sql, -1, &prepared, nullptr) != SQLITE_OK) {
    throw BarFailed(absl::StrCat(sql, ": ", sqlite3_errmsg(opened)));
  }
  const std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> statement(prepared, sqlite3_finalize);
  if (sqlite3_step(prepared) != SQLITE_ROW) throw BarFailed(sqlite3_errmsg(opened));
  if (text != nullptr) *text = reinterpret_cast<const char*>(sqlite3_column_text(prepared, 1));
  return sqlite3_column_double(prepared, 0);
}

double FileBytes(const std::filesystem::path& path) {
  return Select(path, "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()");
}

}  // namespace

void SizeBar(Bench& bench, Report& report) {
  const std::filesystem::path folder = bench.NewFolder("size");
  const std::filesystem::path database = folder / "comments.db";
  StartCommentsService(bench, folder).process->Stop();
  const double empty = FileBytes(database);
  Service comments = StartCommentsService(bench, folder);
  const auto writer = Client(comments.address, bench.MemberToken(), 4);
  const auto request = [](std::int64_t call) {
    return BytesOf(NewComment(InvoiceId(call % kInvoices), call));
  };
  for (std::int64_t added = 0; added < kCommentsMin;) {
    added += Need(RunClosedLoop(*writer, {kAddComment, request, kCallers}, bench.options().window,
                                comments.pid()))
                 .calls;
  }
  comments.process->Stop();
  const double count = Select(database, "SELECT count(*) FROM comments");
  Row row;
  row.bar = 14;
  row.what = "bytes on disk of a comment of 140 characters";
  row.unit = "bytes";
  row.measured = (FileBytes(database) - empty) / count;
  row.measured_runs = {row.measured};
  row.bound = Bound::kAtMost;
  row.bar_value = kBytesMax;
  std::string tables;
  Select(database,
         "SELECT 0, group_concat(name || ' ' || bytes, ', ') FROM (SELECT name, sum(pgsize) /"
         " (SELECT count(*) FROM comments) AS bytes FROM dbstat GROUP BY name"
         " ORDER BY bytes DESC LIMIT 5)",
         &tables);
  row.note = absl::StrFormat("%.0f comments on 1,000 invoices, UUIDv4 ids: %s", count, tables);
  report.Add(std::move(row));
}

}  // namespace marginalia::bench
