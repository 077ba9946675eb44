#include "tests/bench/raw_sqlite.h"

#include <sqlite3.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/bench/clock.h"
#include "tests/bench/need.h"

namespace marginalia::bench {
namespace {

using Database = std::unique_ptr<sqlite3, int (*)(sqlite3*)>;
using Statement = std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)>;
using Value = std::unique_ptr<sqlite3_value, void (*)(sqlite3_value*)>;

Database Open(const std::filesystem::path& path) {
  sqlite3* database = nullptr;
  const int opened = sqlite3_open(path.c_str(), &database);
  Database owned(database, sqlite3_close);
  if (opened != SQLITE_OK) throw BarFailed(absl::StrCat("cannot open ", path.string()));
  return owned;
}

void Run(sqlite3* database, const std::string& sql) {
  if (sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
    throw BarFailed(absl::StrCat(sql, ": ", sqlite3_errmsg(database)));
  }
}

Statement Prepare(sqlite3* database, const std::string& sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(database, sql.c_str(), -1, &statement, nullptr) != SQLITE_OK) {
    throw BarFailed(absl::StrCat(sql, ": ", sqlite3_errmsg(database)));
  }
  return Statement(statement, sqlite3_finalize);
}

std::string TextOf(sqlite3_stmt* statement, int column) {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, column));
  return text == nullptr ? std::string() : std::string(text);
}

// One row of some table, in log order.
struct RecordedRow {
  std::int64_t position = 0;
  std::size_t table = 0;
  std::vector<Value> values;
};

struct Recording {
  std::vector<std::string> schema;
  std::vector<std::string> tables;  // those whose rows stand at a position
  std::vector<RecordedRow> rows;
};

void ReadRows(sqlite3* database, std::size_t table, int positions_max, Recording& recording) {
  const Statement select =
      Prepare(database, absl::StrCat("SELECT position, * FROM ", recording.tables[table],
                                     " WHERE position <= ", positions_max));
  const int columns = sqlite3_column_count(select.get());
  while (sqlite3_step(select.get()) == SQLITE_ROW) {
    RecordedRow& row = recording.rows.emplace_back();
    row.position = sqlite3_column_int64(select.get(), 0);
    row.table = table;
    for (int column = 1; column < columns; ++column) {
      row.values.emplace_back(sqlite3_value_dup(sqlite3_column_value(select.get(), column)),
                              sqlite3_value_free);
    }
  }
}

Recording Read(const std::filesystem::path& path, int positions_max) {
  const Database database = Open(path);
  Recording recording;
  const Statement schema =
      Prepare(database.get(),
              "SELECT m.sql, m.name, EXISTS (SELECT 1 FROM pragma_table_info(m.name) WHERE name = "
              "'position')"
              " FROM sqlite_master m WHERE m.sql IS NOT NULL AND m.name NOT LIKE 'sqlite_%'");
  while (sqlite3_step(schema.get()) == SQLITE_ROW) {
    recording.schema.push_back(TextOf(schema.get(), 0));
    if (sqlite3_column_int(schema.get(), 2) != 0) {
      recording.tables.push_back(TextOf(schema.get(), 1));
    }
  }
  for (std::size_t table = 0; table < recording.tables.size(); ++table) {
    ReadRows(database.get(), table, positions_max, recording);
  }
  std::stable_sort(
      recording.rows.begin(), recording.rows.end(),
      [](const RecordedRow& a, const RecordedRow& b) { return a.position < b.position; });
  return recording;
}

std::vector<Statement> PrepareInserts(sqlite3* database, const Recording& recording) {
  std::vector<Statement> inserts;
  for (const std::string& table : recording.tables) {
    const Statement columns = Prepare(database, "SELECT * FROM " + table);
    std::string sql = "INSERT INTO " + table + " VALUES (?";
    for (int i = 1; i < sqlite3_column_count(columns.get()); ++i) sql += ",?";
    inserts.push_back(Prepare(database, sql + ")"));
  }
  return inserts;
}

void Insert(sqlite3* database, sqlite3_stmt* insert, const RecordedRow& row) {
  for (std::size_t i = 0; i < row.values.size(); ++i) {
    sqlite3_bind_value(insert, static_cast<int>(i) + 1, row.values[i].get());
  }
  if (sqlite3_step(insert) != SQLITE_DONE) throw BarFailed(sqlite3_errmsg(database));
  sqlite3_reset(insert);
}

}  // namespace

double RawSqlitePerSecond(const std::filesystem::path& recorded, const std::filesystem::path& copy,
                          int group, int positions_max) {
  const Recording recording = Read(recorded, positions_max);
  if (recording.rows.empty()) throw BarFailed("the recorded database has no rows");
  const Database database = Open(copy);
  Run(database.get(), "PRAGMA journal_mode = WAL");
  Run(database.get(), "PRAGMA synchronous = FULL");
  for (const std::string& statement : recording.schema) Run(database.get(), statement);
  const std::vector<Statement> inserts = PrepareInserts(database.get(), recording);

  const std::int64_t start = NowNanos();
  Run(database.get(), "BEGIN IMMEDIATE");
  std::int64_t group_end = group;
  for (const RecordedRow& row : recording.rows) {
    if (row.position > group_end) {
      Run(database.get(), "COMMIT");
      Run(database.get(), "BEGIN IMMEDIATE");
      while (row.position > group_end) group_end += group;
    }
    Insert(database.get(), inserts[row.table].get(), row);
  }
  Run(database.get(), "COMMIT");
  return static_cast<double>(recording.rows.back().position) * 1e9 /
         static_cast<double>(NowNanos() - start);
}

}  // namespace marginalia::bench
