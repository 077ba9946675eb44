// The bars of README.md, each as one function that measures the subject and its limit in
// interleaved runs and adds its rows. They throw BarFailed when a figure cannot be had.
#ifndef MARGINALIA_TESTS_BENCH_BARS_H_
#define MARGINALIA_TESTS_BENCH_BARS_H_

#include "tests/bench/bench.h"
#include "tests/bench/report.h"

namespace marginalia::bench {

// 1: the newest page of a hot thread, against a bare callback server with the same bytes.
void NewestPageBar(Bench& bench, Report& report);
// 2: pages deep in a thread of a million, each another one or some that were read before, against
// the same.
void DeepPageBar(Bench& bench, Report& report);
// 3: pages of a thread of a million, against those of a thread of a hundred, the same of two whose
// comments have changed.
void ThreadLengthBar(Bench& bench, Report& report);
// 4 and 5: AddComment at 64 callers, against etcd's Put, its Txn of the same rows, and SQLite
// alone.
void AddCommentBars(Bench& bench, Report& report);
// 6: from commit to watcher at 2,000 events a second, against etcd's watch.
void WatchBar(Bench& bench, Report& report);
// 7: from a post's acknowledgement to its count in invoice-service.
void CountVisibleBar(Bench& bench, Report& report);
// 8: invoice-service catching up on a million events.
void CatchUpBar(Bench& bench, Report& report);
// 9: GetInvoice from the cache, against a bare callback server with the same bytes.
void GetInvoiceBar(Bench& bench, Report& report);
// 10: a page as JSON and a 304, against a bare Beast server and a bare gRPC client call.
void GatewayBars(Bench& bench, Report& report);
// 11: memory.
void MemoryBars(Bench& bench, Report& report);
// 12: AddComment at 64 callers through 1, 2 and 3 replicas on one PostgreSQL, against PostgreSQL
// alone, and what its sessions wait for. No bar, only figures.
void ReplicasBar(Bench& bench, Report& report);
// 14: bytes on disk of a comment, all its rows and indexes.
void SizeBar(Bench& bench, Report& report);
// 15, of the record: checkpoints and proofs in a log of a million entries, against those in a log
// of a thousand.
void ProofBars(Bench& bench, Report& report);
// 15: adding comments and listing invoices where there are many, against where there are few.
void GrowthBars(Bench& bench, Report& report);
// 16: how long somebody waits at the gateway beside others who flood it, against without them.
void FloodBars(Bench& bench, Report& report);
// The same at comments-service: others who reset their calls, and who call as fast as they can.
void RpcFloodBars(Bench& bench, Report& report);
// 17: posts and pages through the gateway, against a Fastify server with better-sqlite3 that writes
// the same three rows. No bar, only figures.
void FastifyBars(Bench& bench, Report& report);

}  // namespace marginalia::bench

#endif  // MARGINALIA_TESTS_BENCH_BARS_H_
