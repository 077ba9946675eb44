// A statement of SQL with the variables that it is bound to: prepared once on its connection, run
// again and again. A member of what a connection keeps (Connection::Prepared), used by its thread.
//
// It runs for the tenants of the innermost TenantScope, behind all rows that were inserted before
// (RowInsert): both are seen to by Run, so it may be fetched whenever its user likes.
#ifndef MARGINALIA_SERVICES_STORAGE_CONNECTION_STATEMENT_H_
#define MARGINALIA_SERVICES_STORAGE_CONNECTION_STATEMENT_H_

#include <soci/soci.h>

#include <concepts>
#include <string>
#include <tuple>

#include "services/storage/connection/connection.h"

namespace marginalia {

class Statement {
 public:
  // `bound` are what soci::use and soci::into make of variables that live as long as the statement,
  // or functions that exchange several with it. Vectors that a SELECT goes into need room for two
  // rows or more: SOCI on SQLite loses the row when they have room for one. Throws what SOCI
  // throws, as Run and Fetch do.
  template <class... Bound>
  Statement(Connection& connection, const std::string& sql, const Bound&... bound)
      : connection_(connection), statement_(connection.sql()) {
    statement_.alloc();
    statement_.prepare(sql);
    (Bind(bound), ...);
    statement_.define_and_bind();
  }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  // Runs it with what its variables hold now and fetches the first row, or into vectors the first
  // rows. False: there is none.
  bool Run() {
    connection_.Settle();
    return statement_.execute(true);
  }
  // The next row or rows of the run before.
  bool Fetch() { return statement_.fetch(); }

  // How many rows the run before has inserted, changed or deleted.
  long long affected_rows() { return statement_.get_affected_rows(); }

 private:
  template <class Bound>
  void Bind(const Bound& bound) {
    if constexpr (std::invocable<const Bound&, soci::statement&>) {
      bound(statement_);
    } else {
      statement_.exchange(bound);
    }
  }

  Connection& connection_;
  soci::statement statement_;
};

// The same with parameters of its own, of these types and in their order: nobody can run it with
// those of the run before.
template <class... Parameters>
class StatementWith {
 public:
  // `bound` is what rows go into.
  template <class... Bound>
  StatementWith(Connection& connection, const std::string& sql, const Bound&... bound)
      : statement_(
            connection, sql,
            [this](soci::statement& to) {
              std::apply([&to](auto&... each) { (to.exchange(soci::use(each)), ...); },
                         parameters_);
            },
            bound...) {}

  template <class... Values>
  requires(sizeof...(Values) == sizeof...(Parameters)) bool Run(const Values&... values) {
    parameters_ = std::tie(values...);
    return statement_.Run();
  }
  bool Fetch() { return statement_.Fetch(); }
  long long affected_rows() { return statement_.affected_rows(); }

 private:
  std::tuple<Parameters...> parameters_;  // bound
  Statement statement_;
};

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_STORAGE_CONNECTION_STATEMENT_H_
