// Inserts rows into one table. On SQLite each row is written at once by a prepared statement, which
// nothing beats there. On PostgreSQL, where every statement is a round trip, rows are kept and
// sent together: with the connection's next statement of another kind, at the latest with COMMIT,
// and nobody waits for them alone. Held by a connection (Connection::Prepared) and used by its
// thread.
#ifndef MARGINALIA_SERVICES_STORAGE_CONNECTION_ROW_INSERT_H_
#define MARGINALIA_SERVICES_STORAGE_CONNECTION_ROW_INSERT_H_

#include <soci/soci.h>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "services/storage/connection/connection.h"

namespace marginalia {

// Rows that are kept come to no more bytes than this, and one row.
inline constexpr std::size_t kKeptRowsBytesMax = 4 * 1024 * 1024;

class RowInsert {
 public:
  enum Type { kInteger, kText, kBytes };

  // `insert` is a statement up to its values, INSERT INTO table (columns), and `types` are those of
  // its columns. `conflict` is what follows the values: ON CONFLICT …, or nothing. Where it meets
  // two rows of the same key, WriteBefore stands between them.
  RowInsert(Connection& connection, std::string_view insert, std::initializer_list<Type> types,
            std::string_view conflict = "");
  RowInsert(const RowInsert&) = delete;
  RowInsert& operator=(const RowInsert&) = delete;

  // The values of a row, one for each column in their order; texts without NUL. Then EndRow, which
  // throws what SOCI throws.
  RowInsert& Integer(std::int64_t value);
  RowInsert& Text(std::string_view value);
  RowInsert& Bytes(std::string_view value);
  void EndRow();

  // The rows so far are written in a statement of their own, before those that follow. Waits for
  // nothing.
  RowInsert& WriteBefore();

 private:
  friend class Connection;
  // What a column is bound to: a value on SQLite, the text of an array on PostgreSQL.
  struct Slot {
    Type type;
    std::int64_t integer = 0;
    std::string text;
  };

  bool keeps() const { return connection_.kind() == DatabaseKind::kPostgres; }
  void Prepare();
  Slot& NextSlot();
  void WriteKept();

  Connection& connection_;
  std::string sql_;
  std::vector<Slot> slots_;  // bound: never resized
  std::size_t next_slot_ = 0;
  std::size_t kept_bytes_ = 0;
  std::optional<soci::statement> statement_;
};

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_STORAGE_CONNECTION_ROW_INSERT_H_
