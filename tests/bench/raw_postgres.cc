#include "tests/bench/raw_postgres.h"

#include <cstdint>
#include <map>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/bench/clock.h"
#include "tests/bench/postgres_session.h"

namespace marginalia::bench {
namespace {

constexpr char kTablesWithPositions[] =
    "SELECT table_name, string_agg('quote_nullable(' || column_name || '::text)', '||'',''||'"
    " ORDER BY ordinal_position) FROM information_schema.columns WHERE table_schema = 'public'"
    " GROUP BY table_name HAVING bool_or(column_name = 'position')";

// The statements of each transaction, in the order of the log.
std::vector<std::string> RecordedTransactions(PostgresSession& session, int group,
                                              int positions_max) {
  std::map<std::int64_t, std::string> inserts_by_group;
  for (const auto& table : session.Run(kTablesWithPositions)) {
    session.Run(
        absl::StrCat("CREATE TABLE raw.", table[0], " (LIKE public.", table[0], " INCLUDING ALL)"));
    const auto rows = session.Run(
        absl::StrCat("SELECT (position - 1) / ", group, ", string_agg('(' || ", table[1],
                     " || ')', ',' ORDER BY position) FROM public.", table[0],
                     " WHERE position <= ", positions_max, " AND position > 0 GROUP BY 1"));
    for (const auto& row : rows) {
      absl::StrAppend(&inserts_by_group[std::stoll(row[0])], "INSERT INTO raw.", table[0],
                      " VALUES ", row[1], ";");
    }
  }
  std::vector<std::string> transactions;
  for (const auto& [number, inserts] : inserts_by_group) {
    transactions.push_back(absl::StrCat("BEGIN;", inserts, "COMMIT"));
  }
  return transactions;
}

}  // namespace

double RawPostgresPerSecond(const std::string& url, int group, int positions_max) {
  PostgresSession session(url);
  session.Run("DROP SCHEMA IF EXISTS raw CASCADE");
  session.Run("CREATE SCHEMA raw");
  const std::vector<std::string> transactions = RecordedTransactions(session, group, positions_max);
  if (transactions.empty()) throw BarFailed("the recorded database has no rows");
  const std::int64_t start = NowNanos();
  for (const std::string& transaction : transactions) session.Run(transaction);
  const double seconds = static_cast<double>(NowNanos() - start) / 1e9;
  const auto written = session.Run("SELECT count(*) FROM raw.events");
  session.Run("DROP SCHEMA raw CASCADE");
  return std::stod(written[0][0]) / seconds;
}

}  // namespace marginalia::bench
