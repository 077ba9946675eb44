// Invoices to comment on and to read. Thread-safe.
#ifndef MARGINALIA_TESTS_BENCH_INVOICES_DATA_H_
#define MARGINALIA_TESTS_BENCH_INVOICES_DATA_H_

#include <cstdint>
#include <string>
#include <vector>

#include "marginalia/invoices/v1/invoices_service.pb.h"
#include "tests/bench/rpc_client.h"

namespace marginalia::bench {

inline constexpr char kCreateInvoice[] = "/marginalia.invoices.v1.InvoicesService/CreateInvoice";
inline constexpr char kListInvoiceSummaries[] =
    "/marginalia.invoices.v1.InvoicesService/ListInvoiceSummaries";

// The `n`th new invoice, counted from 0.
invoices::v1::CreateInvoiceRequest NewInvoice(std::int64_t n);

// Creates so many invoices. Returns their ids.
std::vector<std::string> CreateInvoices(RpcClient& client, int count);

// `token`: the counts must include all up to this consistency token; empty: any will do.
grpc::ByteBuffer InvoiceRequest(const std::string& invoice_id, const std::string& token);

}  // namespace marginalia::bench

#endif  // MARGINALIA_TESTS_BENCH_INVOICES_DATA_H_
