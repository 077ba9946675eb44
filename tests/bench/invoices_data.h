// Invoices to comment on and to read. Thread-safe.
#ifndef MARGINALIA_TESTS_BENCH_INVOICES_DATA_H_
#define MARGINALIA_TESTS_BENCH_INVOICES_DATA_H_

#include <string>
#include <vector>

#include "tests/bench/rpc_client.h"

namespace marginalia::bench {

// Creates so many invoices. Returns their ids.
std::vector<std::string> CreateInvoices(RpcClient& client, int count);

// `token`: the counts must include all up to this consistency token; empty: any will do.
grpc::ByteBuffer InvoiceRequest(const std::string& invoice_id, const std::string& token);

}  // namespace marginalia::bench

#endif  // MARGINALIA_TESTS_BENCH_INVOICES_DATA_H_
