// The real processes, started as a person would, each with a database of its own. Each value stops
// its process when it goes. One thread.
#ifndef MARGINALIA_TESTS_BENCH_SERVICES_UNDER_TEST_H_
#define MARGINALIA_TESTS_BENCH_SERVICES_UNDER_TEST_H_

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "tests/bench/bench.h"
#include "tests/bench/started_process.h"

namespace marginalia::bench {

// A process and where it listens.
struct Service {
  std::unique_ptr<StartedProcess> process;
  std::string address;

  pid_t pid() const { return process->pid(); }
};

// Its database is folder/comments.db. `invoices_address` as the flag; empty: every invoice id is
// accepted. `flags`: further ones.
Service StartCommentsService(Bench& bench, const std::filesystem::path& folder,
                             const std::string& invoices_address = "",
                             const std::vector<std::string>& flags = {});

// On a PostgreSQL database, which others may share; every invoice id is accepted.
Service StartCommentsReplica(Bench& bench, const std::string& database_url);

// Its database is folder/invoices.db. `address`: where to listen.
Service StartInvoiceService(Bench& bench, const std::filesystem::path& folder,
                            const std::string& comments_address,
                            const std::string& address = "127.0.0.1:0");

Service StartGateway(Bench& bench, const std::string& comments_address,
                     const std::string& invoices_address);

// The limits. `answer` is what they send: a message's bytes, or an HTTP head and body.
Service StartBareGrpcServer(Bench& bench, const std::string& answer);
Service StartBareHttpServer(Bench& bench, const std::string& answer);

// Comments and invoices beside each other, each asking the other, as in a real installation.
struct BothServices {
  Service comments;
  Service invoices;
};
BothServices StartBothServices(Bench& bench);

std::unique_ptr<RpcClient> Client(const std::string& address, const std::string& bearer,
                                  int connections = 1);

}  // namespace marginalia::bench

#endif  // MARGINALIA_TESTS_BENCH_SERVICES_UNDER_TEST_H_
