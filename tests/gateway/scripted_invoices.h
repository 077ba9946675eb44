// An invoice-service in memory, on a real gRPC server over loopback. Thread-safe.
#ifndef MARGINALIA_TESTS_GATEWAY_SCRIPTED_INVOICES_H_
#define MARGINALIA_TESTS_GATEWAY_SCRIPTED_INVOICES_H_

#include <grpcpp/server.h>

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "marginalia/invoices/v1/invoices_service.grpc.pb.h"
#include "services/identity/token_verifier.h"

namespace marginalia {

class ScriptedInvoices : private invoices::v1::InvoicesService::Service {
 public:
  explicit ScriptedInvoices(TokenVerifier& tokens);
  ~ScriptedInvoices() override;

  const std::string& address() const { return address_; }

  void Add(const std::string& org, const invoices::v1::Invoice& invoice, std::int64_t comments);
  void FailNext(const absl::Status& status);
  // From now on nobody knows any count.
  void ForgetCounts();
  // The lag that answers tell.
  void SetLag(std::int64_t seconds, std::int32_t nanos);
  // The consistency of the last call.
  invoices::v1::Consistency last_consistency();
  // How many invoices the last batch asked for, and how many batches there were.
  std::pair<int, int> last_batch();
  // The last list that was asked for.
  invoices::v1::ListInvoiceSummariesRequest last_list();

 private:
  struct Entry {
    invoices::v1::Invoice invoice;
    std::int64_t comments = 0;
  };

  grpc::Status GetInvoice(grpc::ServerContext* context,
                          const invoices::v1::GetInvoiceRequest* request,
                          invoices::v1::GetInvoiceResponse* response) override;
  grpc::Status ListInvoiceSummaries(grpc::ServerContext* context,
                                    const invoices::v1::ListInvoiceSummariesRequest* request,
                                    invoices::v1::ListInvoiceSummariesResponse* response) override;

  grpc::Status BatchGetInvoiceSummaries(
      grpc::ServerContext* context, const invoices::v1::BatchGetInvoiceSummariesRequest* request,
      invoices::v1::BatchGetInvoiceSummariesResponse* response) override;

  // Null: the tenant has no such invoice.
  const Entry* Find(const Caller& caller, std::string_view id_or_number) const;
  absl::StatusOr<Caller> Enter(grpc::ServerContext* context,
                               const invoices::v1::Consistency& consistency);
  invoices::v1::Freshness Fresh(const Caller& caller) const;

  TokenVerifier& tokens_;
  std::string address_;
  std::unique_ptr<grpc::Server> server_;
  std::mutex mutex_;
  // By tenant and number.
  std::map<std::pair<std::string, std::string>, Entry> entries_;
  absl::Status fail_next_;
  bool counts_known_ = true;
  std::int64_t lag_seconds_ = 0;
  std::int32_t lag_nanos_ = 0;
  invoices::v1::Consistency last_consistency_;
  invoices::v1::ListInvoiceSummariesRequest last_list_;
  int batches_ = 0;
  int last_batch_size_ = 0;
};

}  // namespace marginalia

#endif  // MARGINALIA_TESTS_GATEWAY_SCRIPTED_INVOICES_H_
