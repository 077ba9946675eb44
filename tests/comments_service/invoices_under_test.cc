#include "tests/comments_service/invoices_under_test.h"

#include <utility>
#include <vector>

#include "marginalia/invoices/v1/invoices_service.grpc.pb.h"
#include "services/errors/errors.h"
#include "tests/comments_service/service_under_test.h"

namespace marginalia {

namespace v1 = invoices::v1;

class InvoicesUnderTest::Service : public v1::InvoicesService::CallbackService {
 public:
  explicit Service(Gate& gate)
      : gate_(gate), method_(gate.Method("marginalia.invoices.v1.InvoicesService/GetInvoice")) {}

  grpc::ServerUnaryReactor* GetInvoice(grpc::CallbackServerContext* context,
                                       const v1::GetInvoiceRequest* request,
                                       v1::GetInvoiceResponse* response) override {
    UnaryCall* call = gate_.Open(context, method_);
    if (!call->admitted()) return call;
    const std::lock_guard lock(mutex_);
    ++calls_;
    const auto found = known_.find({call->caller().org_id, request->invoice_id()});
    absl::Status status;
    if (found == known_.end()) {
      status = Refusal(absl::StatusCode::kNotFound, "INVOICE_NOT_FOUND", "no such invoice");
    } else {
      response->mutable_invoice()->set_invoice_id(found->second);
    }
    if (holding_) {
      held_.emplace_back(call, status);
    } else {
      call->Answer(status);
    }
    return call;
  }

  void Know(const std::string& org, const std::string& id, const std::string& invoice_id) {
    const std::lock_guard lock(mutex_);
    known_[{org, id}] = invoice_id;
  }

  void SetHolding(bool holding) {
    const std::lock_guard lock(mutex_);
    holding_ = holding;
    if (holding) return;
    for (auto& [call, status] : std::exchange(held_, {})) call->Answer(status);
  }

  int calls() const {
    const std::lock_guard lock(mutex_);
    return calls_;
  }

 private:
  Gate& gate_;
  const GatedMethod& method_;
  mutable std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, std::string> known_;
  bool holding_ = false;
  std::vector<std::pair<UnaryCall*, absl::Status>> held_;
  int calls_ = 0;
};

InvoicesUnderTest::InvoicesUnderTest(const std::string& address) {
  TokenVerifierOptions options;
  options.jwks_path = Mint().jwks_path();
  options.issuer = Mint().issuer();
  options.audience = Mint().audience();
  tokens_ = *TokenVerifier::Create(std::move(options));
  gate_ = std::make_unique<Gate>(GateOptions{}, *tokens_, metrics_);
  service_ = std::make_unique<Service>(*gate_);
  server_ = *RpcServer::Start({.address = address}, {service_.get()});
}

InvoicesUnderTest::~InvoicesUnderTest() {
  Release();
  server_->Drain([] {});
}

void InvoicesUnderTest::Know(const std::string& org, const std::string& id,
                             const std::string& invoice_id) {
  service_->Know(org, id, invoice_id);
}

void InvoicesUnderTest::Hold() { service_->SetHolding(true); }
void InvoicesUnderTest::Release() { service_->SetHolding(false); }
int InvoicesUnderTest::calls() const { return service_->calls(); }

}  // namespace marginalia
