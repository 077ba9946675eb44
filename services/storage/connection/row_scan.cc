#include "services/storage/connection/row_scan.h"

#include <libpq-fe.h>
#include <soci/postgresql/soci-postgresql.h>
#include <soci/sqlite3/soci-sqlite3.h>

#include <memory>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "services/storage/connection/native.h"
#include "services/storage/connection/pipeline.h"

namespace marginalia {
namespace {

using Result = std::unique_ptr<PGresult, decltype(&PQclear)>;

class SqliteRow : public ScannedRow {
 public:
  explicit SqliteRow(sqlite_api::sqlite3_stmt* statement) : statement_(statement) {}
  std::int64_t Integer(int column) const override {
    return sqlite_api::sqlite3_column_int64(statement_, column);
  }
  std::string_view Text(int column) const override {
    const void* const bytes = sqlite_api::sqlite3_column_blob(statement_, column);
    const int size = sqlite_api::sqlite3_column_bytes(statement_, column);
    return {static_cast<const char*>(bytes), static_cast<std::size_t>(size)};
  }

 private:
  sqlite_api::sqlite3_stmt* const statement_;
};

class PostgresRow : public ScannedRow {
 public:
  explicit PostgresRow(const PGresult& result) : rows_(result) {}
  std::int64_t Integer(int column) const override { return rows_.Integer(row_, column); }
  std::string_view Text(int column) const override { return rows_.Text(row_, column); }
  void Next() { ++row_; }

 private:
  const AnsweredRows rows_;
  int row_ = 0;
};

void ThrowUnless(bool good, sqlite_api::sqlite3* session) {
  if (good) return;
  throw soci::sqlite3_soci_error(sqlite_api::sqlite3_errmsg(session),
                                 sqlite_api::sqlite3_extended_errcode(session));
}

void ThrowUnless(ExecStatusType expected, const PGresult* result, pg_conn* session) {
  if (result != nullptr && PQresultStatus(result) == expected) return;
  const char* state = result == nullptr ? nullptr : PQresultErrorField(result, PG_DIAG_SQLSTATE);
  throw soci::postgresql_soci_error(PQerrorMessage(session), state == nullptr ? "     " : state);
}

}  // namespace

RowScan::RowScan(Connection& connection, std::string sql)
    : connection_(connection), sql_(std::move(sql)) {}

RowScan::~RowScan() {
  if (sqlite_statement_ != nullptr) {
    sqlite_api::sqlite3_finalize(static_cast<sqlite_api::sqlite3_stmt*>(sqlite_statement_));
  }
  if (postgres_name_.empty()) return;
  const std::string deallocate = absl::StrCat("DEALLOCATE ", postgres_name_);
  PQclear(PQexec(postgres_session_, deallocate.c_str()));
}

void RowScan::Run(const std::vector<std::int64_t>& parameters,
                  absl::FunctionRef<void(const ScannedRow&)> visit) {
  const bool sqlite = connection_.kind() == DatabaseKind::kSqlite;
  sqlite ? RunSqlite(parameters, visit) : RunPostgres(parameters, visit);
}

void RowScan::RunSqlite(const std::vector<std::int64_t>& parameters,
                        absl::FunctionRef<void(const ScannedRow&)> visit) {
  sqlite_api::sqlite3* const session = NativeSqlite(connection_.sql());
  auto* statement = static_cast<sqlite_api::sqlite3_stmt*>(sqlite_statement_);
  if (statement == nullptr) {
    ThrowUnless(
        sqlite_api::sqlite3_prepare_v2(session, sql_.c_str(), -1, &statement, nullptr) == SQLITE_OK,
        session);
    sqlite_statement_ = statement;
  }
  const absl::Cleanup reset = [statement] { sqlite_api::sqlite3_reset(statement); };
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    sqlite_api::sqlite3_bind_int64(statement, static_cast<int>(i) + 1, parameters[i]);
  }
  const SqliteRow row(statement);
  int step = sqlite_api::sqlite3_step(statement);
  for (; step == SQLITE_ROW; step = sqlite_api::sqlite3_step(statement)) visit(row);
  ThrowUnless(step == SQLITE_DONE, session);
}

void RowScan::RunPostgres(const std::vector<std::int64_t>& parameters,
                          absl::FunctionRef<void(const ScannedRow&)> visit) {
  pg_conn* const session = NativePostgres(connection_.sql());
  if (postgres_name_.empty()) {
    std::string name = absl::StrCat("scan_", absl::Hex(reinterpret_cast<std::uintptr_t>(this)));
    const Result prepared(PQprepare(session, name.c_str(), sql_.c_str(), 0, nullptr), PQclear);
    ThrowUnless(PGRES_COMMAND_OK, prepared.get(), session);
    postgres_name_ = std::move(name);
    postgres_session_ = session;
  }
  std::vector<std::string> texts;
  for (const std::int64_t parameter : parameters) texts.push_back(std::to_string(parameter));
  std::vector<const char*> values;
  for (const std::string& text : texts) values.push_back(text.c_str());
  const Result result(
      PQexecPrepared(session, postgres_name_.c_str(), static_cast<int>(values.size()),
                     values.data(), nullptr, nullptr, 0),
      PQclear);
  ThrowUnless(PGRES_TUPLES_OK, result.get(), session);
  PostgresRow row(*result);
  for (int i = 0; i < PQntuples(result.get()); ++i, row.Next()) visit(row);
}

}  // namespace marginalia
