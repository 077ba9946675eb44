// The rows that a prepared statement selects, to its end: one that is left in the middle keeps its
// snapshot. `Select` is what a connection keeps (Connection::Prepared): a struct with the statement
// and, as `row`, what it selects into.
#ifndef MARGINALIA_SERVICES_STORAGE_CONNECTION_SELECTED_ROWS_H_
#define MARGINALIA_SERVICES_STORAGE_CONNECTION_SELECTED_ROWS_H_

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "services/storage/connection/connection.h"

namespace marginalia {

// All rows of a statement that is run with `values`, each as `make` makes it.
template <class Row, class Select, class Make, class... Values>
requires std::invocable<const Make&, Select&> std::vector<Row> RowsOf(Select& select,
                                                                      const Make& make,
                                                                      const Values&... values) {
  std::vector<Row> rows;
  for (bool more = select.statement.Run(values...); more; more = select.statement.Fetch()) {
    rows.push_back(make(select));
  }
  return rows;
}

template <class Row, class Select, class... Values>
std::vector<Row> RowsOf(Select& select, const Values&... values) {
  return RowsOf<Row>(
      select, [](const Select& each) { return each.row; }, values...);
}

template <class Row>
std::optional<Row> OnlyOf(std::vector<Row> rows) {
  if (rows.empty()) return std::nullopt;
  return std::move(rows.front());
}

// The positions are one parameter: an array on PostgreSQL, a list in JSON on SQLite.
inline std::string PositionsFor(const Connection& connection,
                                const std::vector<std::int64_t>& positions) {
  const bool array = connection.kind() == DatabaseKind::kPostgres;
  return absl::StrCat(array ? "{" : "[", absl::StrJoin(positions, ","), array ? "}" : "]");
}

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_STORAGE_CONNECTION_SELECTED_ROWS_H_
