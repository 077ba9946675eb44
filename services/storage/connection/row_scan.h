// A SELECT whose rows are looked at where the database has put them, without a copy of each value:
// for what goes along many rows. Held by a connection (Connection::Prepared) and used by its
// thread.
#ifndef MARGINALIA_SERVICES_STORAGE_CONNECTION_ROW_SCAN_H_
#define MARGINALIA_SERVICES_STORAGE_CONNECTION_ROW_SCAN_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "services/storage/connection/connection.h"
#include "services/storage/connection/native.h"

namespace marginalia {

class ScannedRow {
 public:
  virtual ~ScannedRow() = default;
  virtual std::int64_t Integer(int column) const = 0;
  // Valid until the next row. A null is an empty one.
  virtual std::string_view Text(int column) const = 0;
};

class RowScan {
 public:
  // `sql` has integers as parameters: $1, $2 … in their order.
  RowScan(Connection& connection, std::string sql);
  ~RowScan();
  RowScan(const RowScan&) = delete;
  RowScan& operator=(const RowScan&) = delete;

  // Calls `visit` with each row; it runs no statement. Throws what SOCI throws.
  void Run(const std::vector<std::int64_t>& parameters,
           absl::FunctionRef<void(const ScannedRow&)> visit);

 private:
  void RunSqlite(const std::vector<std::int64_t>& parameters,
                 absl::FunctionRef<void(const ScannedRow&)> visit);
  void RunPostgres(const std::vector<std::int64_t>& parameters,
                   absl::FunctionRef<void(const ScannedRow&)> visit);

  Connection& connection_;
  const std::string sql_;
  // As prepared; null or empty: not yet.
  void* sqlite_statement_ = nullptr;
  std::string postgres_name_;
  pg_conn* postgres_session_ = nullptr;
};

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_STORAGE_CONNECTION_ROW_SCAN_H_
