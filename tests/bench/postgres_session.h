// One session of libpq for the benchmark: what goes wrong ends the bar. One thread.
#ifndef MARGINALIA_TESTS_BENCH_POSTGRES_SESSION_H_
#define MARGINALIA_TESTS_BENCH_POSTGRES_SESSION_H_

#include <libpq-fe.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/bench/need.h"

namespace marginalia::bench {

class PostgresSession {
 public:
  using Rows = std::vector<std::vector<std::string>>;

  explicit PostgresSession(const std::string& url) : session_(PQconnectdb(url.c_str()), PQfinish) {
    if (PQstatus(session_.get()) != CONNECTION_OK) throw BarFailed(PQerrorMessage(session_.get()));
    // What is removed with a schema is no news.
    PQsetNoticeProcessor(
        session_.get(), [](void*, const char*) {}, nullptr);
  }

  // One statement or several with semicolons between; the rows of the last one.
  Rows Run(const std::string& sql) {
    const std::unique_ptr<PGresult, decltype(&PQclear)> result(PQexec(session_.get(), sql.c_str()),
                                                               PQclear);
    const ExecStatusType status = PQresultStatus(result.get());
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
      throw BarFailed(PQerrorMessage(session_.get()));
    }
    Rows rows(static_cast<std::size_t>(PQntuples(result.get())));
    for (int row = 0; row < PQntuples(result.get()); ++row) {
      for (int column = 0; column < PQnfields(result.get()); ++column) {
        rows[static_cast<std::size_t>(row)].emplace_back(PQgetvalue(result.get(), row, column));
      }
    }
    return rows;
  }

 private:
  std::unique_ptr<PGconn, decltype(&PQfinish)> session_;
};

}  // namespace marginalia::bench

#endif  // MARGINALIA_TESTS_BENCH_POSTGRES_SESSION_H_
