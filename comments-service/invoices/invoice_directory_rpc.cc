#include "comments-service/invoices/invoice_directory_rpc.h"

#include <grpcpp/client_context.h>

#include <utility>

#include "comments-service/thread/comment.h"
#include "services/errors/errors.h"
#include "services/process/log.h"
#include "services/process/stopwatch.h"
#include "services/rpc/client/channel.h"
#include "services/rpc/client/deadline.h"
#include "services/rpc/grpc_status.h"
#include "services/rpc/rpc_span.h"
#include "services/rpc/trace_metadata.h"

namespace marginalia {
namespace {

constexpr absl::Duration kRetryAfterUnavailable = absl::Seconds(1);
constexpr std::string_view kMethod = "marginalia.invoices.v1.InvoicesService/GetInvoice";

absl::Status InvoicesServiceUnavailable() {
  return Refusal(absl::StatusCode::kUnavailable, "INVOICES_SERVICE_UNAVAILABLE",
                 "whether the invoice exists cannot be found out right now: try again", {},
                 kRetryAfterUnavailable);
}

struct GetInvoiceCall {
  grpc::ClientContext context;
  invoices::v1::GetInvoiceRequest request;
  invoices::v1::GetInvoiceResponse response;
  Answer<std::string> answer;
  Trace trace;
  Stopwatch stopwatch;

  void Record(const grpc::Status& status) const {
    RecordRpcSpan(trace, SpanKind::kClient, kMethod, "", stopwatch.elapsed(),
                  static_cast<absl::StatusCode>(status.error_code()));
  }
};

absl::StatusOr<std::string> Outcome(const grpc::Status& status,
                                    const invoices::v1::GetInvoiceResponse& response) {
  switch (status.error_code()) {
    case grpc::StatusCode::OK: {
      const std::string& invoice_id = response.invoice().invoice_id();
      if (CheckInvoiceId(invoice_id).ok()) return invoice_id;
      break;
    }
    case grpc::StatusCode::NOT_FOUND:
    // An id that invoice-service would not give to any invoice.
    case grpc::StatusCode::INVALID_ARGUMENT:
      return InvoiceNotFound();
    case grpc::StatusCode::UNAUTHENTICATED:
    case grpc::StatusCode::PERMISSION_DENIED:
      return FromGrpc(status);
    default:
      break;
  }
  Log(Severity::kWarning, "invoice-service gave no answer",
      {{"code", static_cast<std::int64_t>(status.error_code())}});
  return InvoicesServiceUnavailable();
}

}  // namespace

InvoiceDirectoryRpc::InvoiceDirectoryRpc(std::shared_ptr<grpc::Channel> channel)
    : stub_(invoices::v1::InvoicesService::NewStub(std::move(channel))) {}

void InvoiceDirectoryRpc::Find(const CallContext& call, const std::string& invoice_id,
                               Answer<std::string> answer) {
  const absl::StatusOr<SteadyTime> deadline = DeadlineUpstream(call.deadline, kDirectoryWaitMax);
  if (!deadline.ok()) return answer(deadline.status());
  auto get = std::make_shared<GetInvoiceCall>();
  get->request.set_invoice_id(invoice_id);
  get->answer = std::move(answer);
  PrepareCall(get->context, call.bearer, call.request_id, *deadline);
  if (call.trace != nullptr) get->trace = PartOf(*call.trace);
  PassOnTrace(get->context, get->trace);
  // A service that is just being restarted answers within that time.
  get->context.set_wait_for_ready(true);
  GetInvoiceCall& begun = *get;
  stub_->async()->GetInvoice(&begun.context, &begun.request, &begun.response,
                             [get = std::move(get)](const grpc::Status& status) mutable {
                               get->Record(status);
                               Answer<std::string> answer = std::move(get->answer);
                               absl::StatusOr<std::string> outcome = Outcome(status, get->response);
                               // Before the answer, after which the process may end: were the
                               // context the last to let go of the channel, gRPC would wait for
                               // this very thread.
                               get.reset();
                               answer(std::move(outcome));
                             });
}

}  // namespace marginalia
