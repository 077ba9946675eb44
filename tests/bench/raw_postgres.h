// The limit for durable writes on one PostgreSQL: the rows that the service wrote, written again
// over libpq into tables of the same schema, so many comments a transaction, each transaction one
// round trip. One session.
#ifndef MARGINALIA_TESTS_BENCH_RAW_POSTGRES_H_
#define MARGINALIA_TESTS_BENCH_RAW_POSTGRES_H_

#include <string>

namespace marginalia::bench {

// `url` is a superuser's, of the database that the service wrote to. Every row that stands at a log
// position up to `positions_max` is read into memory before the clock starts, and the copies are
// removed afterwards. Returns positions per second.
double RawPostgresPerSecond(const std::string& url, int group, int positions_max);

}  // namespace marginalia::bench

#endif  // MARGINALIA_TESTS_BENCH_RAW_POSTGRES_H_
