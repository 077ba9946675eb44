#include "deploy/operator/backup/table_digest.h"

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "deploy/operator/audit/sha256.h"

namespace marginalia {
namespace {

// With its type and length in front, so that no two rows come to the same bytes.
void AppendPiece(std::string& row, int type, std::string_view bytes) {
  row.push_back(static_cast<char>(type));
  const auto length = static_cast<std::uint64_t>(bytes.size());
  row.append(reinterpret_cast<const char*>(&length), sizeof(length));
  row.append(bytes);
}

absl::Status AddTable(const SqliteFile& file, const std::string& table, Sha256& sha256) {
  SqliteRows rows(file, absl::StrCat("SELECT * FROM \"", table, "\""));
  std::string row;
  while (rows.Next()) {
    row.clear();
    for (int column = 0; column < rows.columns(); ++column) {
      // First: reading the bytes may convert the value.
      const int type = rows.TypeOf(column);
      AppendPiece(row, type, rows.Bytes(column));
    }
    sha256.Update(row);
  }
  return rows.status();
}

}  // namespace

absl::StatusOr<std::string> TableDigest(const SqliteFile& file) {
  Sha256 sha256;
  SqliteRows tables(
      file,
      "SELECT name, sql FROM sqlite_schema"
      " WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name");
  while (tables.Next()) {
    std::string heading;
    AppendPiece(heading, SQLITE_TEXT, tables.Bytes(0));
    AppendPiece(heading, SQLITE_TEXT, tables.Bytes(1));
    sha256.Update(heading);
    const absl::Status added = AddTable(file, tables.Text(0), sha256);
    if (!added.ok()) return added;
  }
  if (!tables.status().ok()) return tables.status();
  return sha256.Hex();
}

}  // namespace marginalia
