// The limit for durable writes on one SQLite file: the rows that the service wrote, written again
// by SQLite's own C API into tables of the same schema, so many comments a transaction. One thread.
#ifndef MARGINALIA_TESTS_BENCH_RAW_SQLITE_H_
#define MARGINALIA_TESTS_BENCH_RAW_SQLITE_H_

#include <filesystem>

namespace marginalia::bench {

// Copies the schema of `recorded` (a comments.db) into a new file `copy` and writes there every row
// that stands at a log position up to `positions_max`, in log order, `group` positions a
// transaction, WAL, synchronous=FULL. The rows are read into memory before the clock starts.
// Returns positions per second.
double RawSqlitePerSecond(const std::filesystem::path& recorded, const std::filesystem::path& copy,
                          int group, int positions_max);

}  // namespace marginalia::bench

#endif  // MARGINALIA_TESTS_BENCH_RAW_SQLITE_H_
