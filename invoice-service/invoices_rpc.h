// marginalia.invoices.v1.InvoicesService: each method passes the gate, translates its request,
// hands it to the use case, and translates the answer. Thread-safe.
#ifndef MARGINALIA_INVOICE_SERVICE_INVOICES_RPC_H_
#define MARGINALIA_INVOICE_SERVICE_INVOICES_RPC_H_

#include <grpcpp/impl/codegen/service_type.h>

#include <memory>

#include "invoice-service/invoice_reads.h"
#include "invoice-service/invoices.h"
#include "services/events/projection/projector.h"
#include "services/rpc/gate/gate.h"

namespace marginalia {

// None is owned; all must outlive the service.
struct InvoicesUseCases {
  Invoices& invoices;
  InvoiceReads& reads;
  Projector& projector;
};

std::unique_ptr<grpc::Service> MakeInvoicesRpc(Gate& gate, const InvoicesUseCases& use_cases);

}  // namespace marginalia

#endif  // MARGINALIA_INVOICE_SERVICE_INVOICES_RPC_H_
