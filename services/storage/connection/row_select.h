// Selects rows and shows them as they come. On SQLite each value is seen where SQLite has it, in a
// page of its cache: copying rows out first takes as long as finding them. On PostgreSQL they come
// through SOCI, beside a round trip that costs more than any copy. Held by a connection
// (Connection::Prepared) and used by its thread.
#ifndef MARGINALIA_SERVICES_STORAGE_CONNECTION_ROW_SELECT_H_
#define MARGINALIA_SERVICES_STORAGE_CONNECTION_ROW_SELECT_H_

#include <soci/soci.h>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "services/storage/connection/connection.h"

// As native.h has sqlite3.
namespace sqlite_api {
struct sqlite3_stmt;
}

namespace marginalia {

class RowSelect {
 public:
  enum Type { kInteger, kText };

  // The types are those of the statement's parameters, in the order in which their names first
  // stand in it, and of its columns, none of which may be NULL.
  RowSelect(Connection& connection, std::string_view select, std::initializer_list<Type> parameters,
            std::initializer_list<Type> columns);
  ~RowSelect();
  RowSelect(const RowSelect&) = delete;
  RowSelect& operator=(const RowSelect&) = delete;

  // The parameters of the next run, one after the other.
  RowSelect& With(std::int64_t value);
  RowSelect& With(std::string_view value);

  // The next row; the first time behind With, the first one. False: there is none, and the next run
  // may begin. A run that is not read to its end ends with its transaction. Throws what SOCI
  // throws.
  bool Next();

  // Of the row, by the column's place from 0. A text is seen until the next Next.
  std::int64_t Integer(std::size_t column) const;
  std::string_view Text(std::size_t column) const;

 private:
  struct Slot {
    Type type;
    std::int64_t integer = 0;
    std::string text;
  };

  bool native() const { return connection_.kind() == DatabaseKind::kSqlite; }
  void Prepare();
  void PrepareNative();
  bool NextNative();
  [[noreturn]] void ThrowNative(int code);
  int NextParameter();

  Connection& connection_;
  std::string sql_;
  std::vector<Slot> parameters_;  // bound, as what follows: never resized
  std::vector<Slot> columns_;
  std::size_t next_parameter_ = 0;
  bool running_ = false;
  // One of the two.
  std::optional<soci::statement> statement_;
  sqlite_api::sqlite3_stmt* native_ = nullptr;
};

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_STORAGE_CONNECTION_ROW_SELECT_H_
