// Asks invoice-service which invoices there are, with the identity of the caller who wants to know.
// Thread-safe.
#ifndef MARGINALIA_COMMENTS_SERVICE_INVOICES_INVOICE_DIRECTORY_RPC_H_
#define MARGINALIA_COMMENTS_SERVICE_INVOICES_INVOICE_DIRECTORY_RPC_H_

#include <grpcpp/channel.h>

#include <memory>
#include <string>

#include "comments-service/invoices/invoice_lookup.h"
#include "marginalia/invoices/v1/invoices_service.grpc.pb.h"

namespace marginalia {

// How long invoice-service may take, whatever the caller's deadline.
inline constexpr absl::Duration kDirectoryWaitMax = absl::Seconds(2);

class InvoiceDirectoryRpc : public InvoiceDirectory {
 public:
  explicit InvoiceDirectoryRpc(std::shared_ptr<grpc::Channel> channel);

  void Find(const CallContext& call, const std::string& invoice_id,
            Answer<std::string> answer) override;

 private:
  std::unique_ptr<invoices::v1::InvoicesService::Stub> stub_;
};

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_INVOICES_INVOICE_DIRECTORY_RPC_H_
