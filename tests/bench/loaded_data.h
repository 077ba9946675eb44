// Databases that take long to fill. Each is filled once, through the service itself, and kept in
// the data folder under a name that changes with the schema. One thread.
#ifndef MARGINALIA_TESTS_BENCH_LOADED_DATA_H_
#define MARGINALIA_TESTS_BENCH_LOADED_DATA_H_

#include <cstdint>
#include <filesystem>

#include "tests/bench/bench.h"

namespace marginalia::bench {

inline constexpr int kLongThreadComments = 1'000'000;
inline constexpr int kShortThreadComments = 100;
inline constexpr int kManyThreads = 1'000;
inline constexpr int kManyThreadsComments = 1'000;

// comments.db with InvoiceId(0), a thread of kLongThreadComments, and InvoiceId(1), one of
// kShortThreadComments.
std::filesystem::path LongThreadData(Bench& bench);

// The same two threads, of whose comments one in ten was edited and then, every other one of these,
// removed.
std::filesystem::path ChangedThreadData(Bench& bench);

// comments.db with kManyThreads threads of kManyThreadsComments each, and the invoices.db of an
// invoice-service that has seen nothing of them: it stands at the beginning of the same log.
std::filesystem::path ManyThreadsData(Bench& bench);

// comments.db with so many comments (a multiple of 1,000) in threads of a thousand each,
// InvoiceId(0) and so on.
std::filesystem::path GrownComments(Bench& bench, std::int64_t count);

// invoices.db with so many invoices, and a comments.db with nothing.
std::filesystem::path GrownInvoices(Bench& bench, std::int64_t count);

// Of what is going to be written to.
std::filesystem::path CopyOf(Bench& bench, const std::filesystem::path& data);

}  // namespace marginalia::bench

#endif  // MARGINALIA_TESTS_BENCH_LOADED_DATA_H_
