// InvoicesService over gRPC: translates, and nothing else. Thread-safe.
#ifndef MARGINALIA_INVOICE_SERVICE_INVOICES_RPC_H_
#define MARGINALIA_INVOICE_SERVICE_INVOICES_RPC_H_

#include <memory>
#include <string>
#include <vector>

#include "invoice-service/freshness.h"
#include "invoice-service/invoices.h"
#include "invoice-service/summary_cache.h"
#include "marginalia/invoices/v1/invoices_service.grpc.pb.h"
#include "services/events/projection_checks.h"
#include "services/events/projector.h"
#include "services/rpc/gate.h"

namespace marginalia {

// GetInvoice answers with bytes: most answers come encoded out of the cache.
class InvoicesRpc final : public invoices::v1::InvoicesService::WithRawCallbackMethod_GetInvoice<
                              invoices::v1::InvoicesService::CallbackService> {
 public:
  // Nothing is owned; all must outlive the service.
  InvoicesRpc(Gate& gate, Invoices& invoices, Freshness& freshness, SummaryCache& cache,
              Projector& projector);

 private:
  using Context = grpc::CallbackServerContext;
  using Reactor = grpc::ServerUnaryReactor;
  template <class Response>
  static Invoices::InvoiceDone AnswerWith(UnaryCall* call, Response* response);

  Reactor* GetInvoice(Context* context, const grpc::ByteBuffer* request,
                      grpc::ByteBuffer* response) override;
  Reactor* ListInvoiceSummaries(Context* context,
                                const invoices::v1::ListInvoiceSummariesRequest* request,
                                invoices::v1::ListInvoiceSummariesResponse* response) override;
  Reactor* BatchGetInvoiceSummaries(
      Context* context, const invoices::v1::BatchGetInvoiceSummariesRequest* request,
      invoices::v1::BatchGetInvoiceSummariesResponse* response) override;
  Reactor* CreateInvoice(Context* context, const invoices::v1::CreateInvoiceRequest* request,
                         invoices::v1::CreateInvoiceResponse* response) override;
  Reactor* UpdateInvoice(Context* context, const invoices::v1::UpdateInvoiceRequest* request,
                         invoices::v1::UpdateInvoiceResponse* response) override;
  Reactor* SendInvoice(Context* context, const invoices::v1::SendInvoiceRequest* request,
                       invoices::v1::SendInvoiceResponse* response) override;
  Reactor* PayInvoice(Context* context, const invoices::v1::PayInvoiceRequest* request,
                      invoices::v1::PayInvoiceResponse* response) override;
  Reactor* VoidInvoice(Context* context, const invoices::v1::VoidInvoiceRequest* request,
                       invoices::v1::VoidInvoiceResponse* response) override;
  Reactor* RebuildProjection(Context* context,
                             const invoices::v1::RebuildProjectionRequest* request,
                             invoices::v1::RebuildProjectionResponse* response) override;
  Reactor* VerifyProjection(Context* context, const invoices::v1::VerifyProjectionRequest* request,
                            invoices::v1::VerifyProjectionResponse* response) override;

  void AnswerInvoice(UnaryCall* call, const std::string& key, grpc::ByteBuffer* response);
  void AnswerList(UnaryCall* call, std::string number, int limit,
                  invoices::v1::ListInvoiceSummariesResponse* response);
  void AnswerBatch(UnaryCall* call, const std::vector<std::string>& keys,
                   invoices::v1::BatchGetInvoiceSummariesResponse* response);

  // The encoded invoices of these keys, in their order, from the cache or else from the database.
  using EncodedDone =
      absl::AnyInvocable<void(const absl::Status&, const std::vector<CachedInvoicePointer>&)>;
  void Encoded(UnaryCall* call, const std::vector<std::string>& keys, EncodedDone done);

  Gate& gate_;
  Invoices& invoices_;
  Freshness& freshness_;
  SummaryCache& cache_;
  Projector& projector_;

  const GatedMethod& get_;
  const GatedMethod& list_;
  const GatedMethod& batch_get_;
  const GatedMethod& create_;
  const GatedMethod& update_;
  const GatedMethod& send_;
  const GatedMethod& pay_;
  const GatedMethod& void_;
  const GatedMethod& rebuild_;
  const GatedMethod& verify_;
};

}  // namespace marginalia

#endif  // MARGINALIA_INVOICE_SERVICE_INVOICES_RPC_H_
