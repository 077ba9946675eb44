#include "gateway/upstream/upstream.h"

#include <google/protobuf/arena.h>

#include <array>
#include <cstddef>
#include <functional>
#include <type_traits>
#include <utility>

#include "gateway/upstream/http_fields.h"
#include "services/errors/errors.h"
#include "services/process/stopwatch.h"
#include "services/rpc/client/channel.h"
#include "services/rpc/grpc_status.h"
#include "services/rpc/rpc_span.h"
#include "services/rpc/trace_metadata.h"
#include "services/text/uuid.h"

namespace marginalia {
namespace {

constexpr std::string_view kListComments = "marginalia.comments.v1.CommentsService/ListComments";
constexpr std::string_view kGetInvoice = "marginalia.invoices.v1.InvoicesService/GetInvoice";
constexpr absl::Duration kRetryAfterTimeout = absl::Seconds(1);

// A deadline that passed without a word from the service was this gateway's own: to its caller the
// service is not available.
absl::Status Outcome(const grpc::Status& status) {
  if (status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED &&
      status.error_details().empty()) {
    return Refusal(absl::StatusCode::kUnavailable, "UPSTREAM_TIMEOUT",
                   "a service that this one depends on did not answer in time; try again", {},
                   kRetryAfterTimeout);
  }
  return WithHttpFieldNames(FromGrpc(status));
}

using google::protobuf::Arena;

// A page of 20 comments is parsed without asking the allocator for more.
constexpr std::size_t kArenaBytes = 8 * 1024;

google::protobuf::ArenaOptions InitialBlock(char* block, std::size_t bytes) {
  google::protobuf::ArenaOptions options;
  options.initial_block = block;
  options.initial_block_size = bytes;
  return options;
}

// One unary call from its start to its end; deletes itself.
template <typename Carrier, typename Request, typename Response>
class UnaryUpstreamCall {
 public:
  UnaryUpstreamCall(Upstream& upstream, std::string_view method, Carrier call,
                    const Request& request, Answered<Response, Carrier> answered)
      : upstream_(upstream),
        method_(method),
        call_(std::move(call)),
        trace_(PartOf(call_.trace())),
        request_(request),
        answered_(std::move(answered)) {}

  // `begin` is the method of the stub's asynchronous interface.
  template <typename Service, typename Begin>
  void Start(absl::Duration limit, Service& service, Begin begin) {
    PrepareCall(context_, call_.bearer(), call_.request_id(), stopwatch_.start() + limit);
    PassOnTrace(context_, trace_);
    upstream_.Enter(&context_);
    (service.*begin)(&context_, &request_, response_,
                     [this](const grpc::Status& status) { End(status); });
  }

 private:
  void End(const grpc::Status& status) {
    if (trace_.recorded()) {
      RecordRpcSpan(trace_, SpanKind::kClient, method_, call_.request_id(), stopwatch_.elapsed(),
                    static_cast<absl::StatusCode>(status.error_code()));
    }
    answered_(std::move(call_), Outcome(status), *response_);
    Upstream& upstream = upstream_;
    upstream.Forget(&context_);
    delete this;
    upstream.Left();
  }

  Upstream& upstream_;
  // A literal: "package.Service/Method".
  const std::string_view method_;
  grpc::ClientContext context_;
  Carrier call_;
  const Trace trace_;
  const Stopwatch stopwatch_;
  const Request request_;
  Answered<Response, Carrier> answered_;
  std::array<char, kArenaBytes> block_;
  Arena arena_{InitialBlock(block_.data(), block_.size())};
  Response* const response_ = Arena::CreateMessage<Response>(&arena_);
};

using Comments = comments::v1::CommentsService::StubInterface::async_interface;
using Invoices = invoices::v1::InvoicesService::StubInterface::async_interface;

template <typename Carrier, typename Request, typename Response, typename Service>
void Call(Upstream& upstream, std::string_view method, Carrier call, const Request& request,
          absl::Duration limit,
          absl::AnyInvocable<void(Carrier, const absl::Status&, const Response&)> answered,
          std::type_identity_t<Service>& service,
          void (Service::*begin)(grpc::ClientContext*, const Request*, Response*,
                                 std::function<void(grpc::Status)>)) {
  auto* started = new UnaryUpstreamCall<Carrier, Request, Response>(
      upstream, method, std::move(call), request, std::move(answered));
  started->Start(limit, service, begin);
}

// What the invoice of the thread that was changed is really called.
template <typename Response>
const std::string& InvoiceIn(const Response& changed) {
  return changed.comment().invoice_id();
}
const std::string& InvoiceIn(const comments::v1::ResolveThreadResponse& resolved) {
  return resolved.thread().invoice_id();
}
const std::string& InvoiceIn(const comments::v1::ReopenThreadResponse& reopened) {
  return reopened.thread().invoice_id();
}

// Here and nowhere else, so that no door to a thread forgets it.
template <typename Response>
Answered<Response> TellingOfChange(const ThreadChanged& tell, const std::string& asked_id,
                                   Answered<Response> answered) {
  return [&tell, asked_id, answered = std::move(answered)](ApiCall call, const absl::Status& status,
                                                           const Response& changed) mutable {
    if (status.ok()) tell(call, asked_id, InvoiceIn(changed), changed.consistency_token());
    answered(std::move(call), status, changed);
  };
}

}  // namespace

Upstream::Upstream(std::shared_ptr<grpc::Channel> comments, std::shared_ptr<grpc::Channel> invoices,
                   ThreadChanged changed, Tracer* tracer)
    : comments_(comments::v1::CommentsService::NewStub(comments)),
      invoices_(invoices::v1::InvoicesService::NewStub(invoices)),
      changed_(std::move(changed)),
      tracer_(tracer) {}

Upstream::~Upstream() { Close(); }

void Upstream::AddComment(ApiCall call, comments::v1::AddCommentRequest request,
                          Answered<comments::v1::AddCommentResponse> answered) {
  if (request.comment_id().empty()) request.set_comment_id(NewUuid(absl::Now()));
  Call(*this, "marginalia.comments.v1.CommentsService/AddComment", std::move(call), request,
       kWriteDeadline, TellingOfChange(changed_, request.invoice_id(), std::move(answered)),
       *comments_->async(), &Comments::AddComment);
}

void Upstream::GetComment(ApiCall call, const comments::v1::GetCommentRequest& request,
                          Answered<comments::v1::GetCommentResponse> answered) {
  Call(*this, "marginalia.comments.v1.CommentsService/GetComment", std::move(call), request,
       kReadDeadline, std::move(answered), *comments_->async(), &Comments::GetComment);
}

void Upstream::MarkThreadRead(ApiCall call, const comments::v1::MarkThreadReadRequest& request,
                              Answered<comments::v1::MarkThreadReadResponse> answered) {
  Call(*this, "marginalia.comments.v1.CommentsService/MarkThreadRead", std::move(call), request,
       kWriteDeadline, std::move(answered), *comments_->async(), &Comments::MarkThreadRead);
}

void Upstream::BatchGetReadStates(ApiCall call,
                                  const comments::v1::BatchGetReadStatesRequest& request,
                                  Answered<comments::v1::BatchGetReadStatesResponse> answered) {
  Call(*this, "marginalia.comments.v1.CommentsService/BatchGetReadStates", std::move(call), request,
       kBesideDeadline, std::move(answered), *comments_->async(), &Comments::BatchGetReadStates);
}

void Upstream::SearchAuthors(ApiCall call, const comments::v1::SearchAuthorsRequest& request,
                             Answered<comments::v1::SearchAuthorsResponse> answered) {
  Call(*this, "marginalia.comments.v1.CommentsService/SearchAuthors", std::move(call), request,
       kReadDeadline, std::move(answered), *comments_->async(), &Comments::SearchAuthors);
}

void Upstream::EditComment(ApiCall call, const comments::v1::EditCommentRequest& request,
                           Answered<comments::v1::EditCommentResponse> answered) {
  Call(*this, "marginalia.comments.v1.CommentsService/EditComment", std::move(call), request,
       kWriteDeadline, TellingOfChange(changed_, request.invoice_id(), std::move(answered)),
       *comments_->async(), &Comments::EditComment);
}

void Upstream::RemoveComment(ApiCall call, const comments::v1::RemoveCommentRequest& request,
                             Answered<comments::v1::RemoveCommentResponse> answered) {
  Call(*this, "marginalia.comments.v1.CommentsService/RemoveComment", std::move(call), request,
       kWriteDeadline, TellingOfChange(changed_, request.invoice_id(), std::move(answered)),
       *comments_->async(), &Comments::RemoveComment);
}

void Upstream::ListCommentRevisions(ApiCall call,
                                    const comments::v1::ListCommentRevisionsRequest& request,
                                    Answered<comments::v1::ListCommentRevisionsResponse> answered) {
  Call(*this, "marginalia.comments.v1.CommentsService/ListCommentRevisions", std::move(call),
       request, kReadDeadline, std::move(answered), *comments_->async(),
       &Comments::ListCommentRevisions);
}

void Upstream::ResolveThread(ApiCall call, comments::v1::ResolveThreadRequest request,
                             Answered<comments::v1::ResolveThreadResponse> answered) {
  if (request.has_comment() && request.comment().comment_id().empty()) {
    request.mutable_comment()->set_comment_id(NewUuid(absl::Now()));
  }
  Call(*this, "marginalia.comments.v1.CommentsService/ResolveThread", std::move(call), request,
       kWriteDeadline, TellingOfChange(changed_, request.invoice_id(), std::move(answered)),
       *comments_->async(), &Comments::ResolveThread);
}

void Upstream::ReopenThread(ApiCall call, comments::v1::ReopenThreadRequest request,
                            Answered<comments::v1::ReopenThreadResponse> answered) {
  if (request.has_comment() && request.comment().comment_id().empty()) {
    request.mutable_comment()->set_comment_id(NewUuid(absl::Now()));
  }
  Call(*this, "marginalia.comments.v1.CommentsService/ReopenThread", std::move(call), request,
       kWriteDeadline, TellingOfChange(changed_, request.invoice_id(), std::move(answered)),
       *comments_->async(), &Comments::ReopenThread);
}

void Upstream::ListComments(ApiCall call, const comments::v1::ListCommentsRequest& request,
                            Answered<comments::v1::ListCommentsResponse> answered) {
  Call(*this, kListComments, std::move(call), request, kReadDeadline, std::move(answered),
       *comments_->async(), &Comments::ListComments);
}

void Upstream::ListRecentComments(ApiCall call,
                                  const comments::v1::ListRecentCommentsRequest& request,
                                  Answered<comments::v1::ListRecentCommentsResponse> answered) {
  Call(*this, "marginalia.comments.v1.CommentsService/ListRecentComments", std::move(call), request,
       kReadDeadline, std::move(answered), *comments_->async(), &Comments::ListRecentComments);
}

void Upstream::GetCheckpoint(ApiCall call, Answered<comments::v1::GetCheckpointResponse> answered) {
  Call(*this, "marginalia.comments.v1.CommentsService/GetCheckpoint", std::move(call),
       comments::v1::GetCheckpointRequest(), kReadDeadline, std::move(answered),
       *comments_->async(), &Comments::GetCheckpoint);
}

void Upstream::GetInclusionProof(ApiCall call,
                                 const comments::v1::GetInclusionProofRequest& request,
                                 Answered<comments::v1::GetInclusionProofResponse> answered) {
  Call(*this, "marginalia.comments.v1.CommentsService/GetInclusionProof", std::move(call), request,
       kReadDeadline, std::move(answered), *comments_->async(), &Comments::GetInclusionProof);
}

void Upstream::GetConsistencyProof(ApiCall call,
                                   const comments::v1::GetConsistencyProofRequest& request,
                                   Answered<comments::v1::GetConsistencyProofResponse> answered) {
  Call(*this, "marginalia.comments.v1.CommentsService/GetConsistencyProof", std::move(call),
       request, kReadDeadline, std::move(answered), *comments_->async(),
       &Comments::GetConsistencyProof);
}

void Upstream::GetInvoice(ApiCall call, const invoices::v1::GetInvoiceRequest& request,
                          Answered<invoices::v1::GetInvoiceResponse> answered) {
  Call(*this, kGetInvoice, std::move(call), request, kReadDeadline, std::move(answered),
       *invoices_->async(), &Invoices::GetInvoice);
}

void Upstream::ListInvoiceSummaries(ApiCall call,
                                    const invoices::v1::ListInvoiceSummariesRequest& request,
                                    Answered<invoices::v1::ListInvoiceSummariesResponse> answered) {
  Call(*this, "marginalia.invoices.v1.InvoicesService/ListInvoiceSummaries", std::move(call),
       request, kReadDeadline, std::move(answered), *invoices_->async(),
       &Invoices::ListInvoiceSummaries);
}

void Upstream::BatchGetInvoiceSummaries(
    ApiCall call, const invoices::v1::BatchGetInvoiceSummariesRequest& request,
    Answered<invoices::v1::BatchGetInvoiceSummariesResponse> answered) {
  Call(*this, "marginalia.invoices.v1.InvoicesService/BatchGetInvoiceSummaries", std::move(call),
       request, kBesideDeadline, std::move(answered), *invoices_->async(),
       &Invoices::BatchGetInvoiceSummaries);
}

void Upstream::ListComments(Errand errand, const comments::v1::ListCommentsRequest& request,
                            Answered<comments::v1::ListCommentsResponse, Errand> answered) {
  Call(*this, kListComments, std::move(errand), request, kReadDeadline, std::move(answered),
       *comments_->async(), &Comments::ListComments);
}

void Upstream::GetInvoice(Errand errand, const invoices::v1::GetInvoiceRequest& request,
                          Answered<invoices::v1::GetInvoiceResponse, Errand> answered) {
  Call(*this, kGetInvoice, std::move(errand), request, kReadDeadline, std::move(answered),
       *invoices_->async(), &Invoices::GetInvoice);
}

void Upstream::Enter(grpc::ClientContext* context) {
  const std::lock_guard lock(mutex_);
  in_flight_.insert(context);
  ++entered_;
  if (closed_) context->TryCancel();
}

void Upstream::Forget(grpc::ClientContext* context) {
  const std::lock_guard lock(mutex_);
  in_flight_.erase(context);
}

void Upstream::Left() {
  const std::lock_guard lock(mutex_);
  // Under the lock: the waiting destructor may end us as soon as it is let go.
  if (--entered_ == 0) left_.notify_all();
}

void Upstream::Close() {
  std::unique_lock lock(mutex_);
  closed_ = true;
  for (grpc::ClientContext* context : in_flight_) context->TryCancel();
  left_.wait(lock, [this] { return entered_ == 0; });
}

}  // namespace marginalia
