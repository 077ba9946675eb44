// The calls to comments-service and invoice-service, asynchronous and each with a deadline, so that
// a service that hangs never holds the gateway. Calls carry the identity of whoever is behind them.
// Thread-safe.
#ifndef MARGINALIA_GATEWAY_UPSTREAM_UPSTREAM_H_
#define MARGINALIA_GATEWAY_UPSTREAM_UPSTREAM_H_

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_set.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gateway/http/gate/api_call.h"
#include "gateway/upstream/errand.h"
#include "marginalia/comments/v1/comments_service.grpc.pb.h"
#include "marginalia/invoices/v1/invoices_service.grpc.pb.h"
#include "services/telemetry/trace.h"

namespace marginalia {

inline constexpr absl::Duration kReadDeadline = absl::Seconds(5);
// What only stands beside something else is not waited for as long.
inline constexpr absl::Duration kBesideDeadline = absl::Seconds(1);
// A write that has been queued is better waited for than asked for again.
inline constexpr absl::Duration kWriteDeadline = absl::Seconds(10);

// Gets what carried the call back with its failure, or with its answer, which lives until the
// function returns. Called once, on a thread of gRPC's.
template <typename Response, typename Carrier = ApiCall>
using Answered = absl::AnyInvocable<void(Carrier, const absl::Status&, const Response&)>;

// Told of each change of a thread that upstream has taken, before its caller is answered:
// `invoice_id` is what the invoice is really called, `token` that of the answer. Called on threads
// of gRPC's.
using ThreadChanged = std::function<void(const ApiCall& call, const std::string& asked_id,
                                         const std::string& invoice_id, const std::string& token)>;

class Upstream {
 public:
  // Without a tracer no span is recorded.
  Upstream(std::shared_ptr<grpc::Channel> comments, std::shared_ptr<grpc::Channel> invoices,
           ThreadChanged changed, Tracer* tracer);
  // Cancels what is in flight and waits until everyone has been answered.
  ~Upstream();
  Upstream(const Upstream&) = delete;
  Upstream& operator=(const Upstream&) = delete;

  // Each forwards the token, the request id and the trace of `call`.
  // A comment without an id gets one here, so that it can be retried without being added twice.
  void AddComment(ApiCall call, comments::v1::AddCommentRequest request,
                  Answered<comments::v1::AddCommentResponse> answered);
  void GetComment(ApiCall call, const comments::v1::GetCommentRequest& request,
                  Answered<comments::v1::GetCommentResponse> answered);
  void EditComment(ApiCall call, const comments::v1::EditCommentRequest& request,
                   Answered<comments::v1::EditCommentResponse> answered);
  void RemoveComment(ApiCall call, const comments::v1::RemoveCommentRequest& request,
                     Answered<comments::v1::RemoveCommentResponse> answered);
  void ListCommentRevisions(ApiCall call, const comments::v1::ListCommentRevisionsRequest& request,
                            Answered<comments::v1::ListCommentRevisionsResponse> answered);
  // A comment that is said with it and has no id gets one here, as in AddComment.
  void ResolveThread(ApiCall call, comments::v1::ResolveThreadRequest request,
                     Answered<comments::v1::ResolveThreadResponse> answered);
  void ReopenThread(ApiCall call, comments::v1::ReopenThreadRequest request,
                    Answered<comments::v1::ReopenThreadResponse> answered);
  void ListComments(ApiCall call, const comments::v1::ListCommentsRequest& request,
                    Answered<comments::v1::ListCommentsResponse> answered);
  void ListRecentComments(ApiCall call, const comments::v1::ListRecentCommentsRequest& request,
                          Answered<comments::v1::ListRecentCommentsResponse> answered);
  void GetCheckpoint(ApiCall call, Answered<comments::v1::GetCheckpointResponse> answered);
  void GetInclusionProof(ApiCall call, const comments::v1::GetInclusionProofRequest& request,
                         Answered<comments::v1::GetInclusionProofResponse> answered);
  void GetConsistencyProof(ApiCall call, const comments::v1::GetConsistencyProofRequest& request,
                           Answered<comments::v1::GetConsistencyProofResponse> answered);
  void GetInvoice(ApiCall call, const invoices::v1::GetInvoiceRequest& request,
                  Answered<invoices::v1::GetInvoiceResponse> answered);
  void ListInvoiceSummaries(ApiCall call, const invoices::v1::ListInvoiceSummariesRequest& request,
                            Answered<invoices::v1::ListInvoiceSummariesResponse> answered);
  // Within kBesideDeadline.
  void BatchGetInvoiceSummaries(ApiCall call,
                                const invoices::v1::BatchGetInvoiceSummariesRequest& request,
                                Answered<invoices::v1::BatchGetInvoiceSummariesResponse> answered);
  void MarkThreadRead(ApiCall call, const comments::v1::MarkThreadReadRequest& request,
                      Answered<comments::v1::MarkThreadReadResponse> answered);
  // Within kBesideDeadline.
  void BatchGetReadStates(ApiCall call, const comments::v1::BatchGetReadStatesRequest& request,
                          Answered<comments::v1::BatchGetReadStatesResponse> answered);
  void SearchAuthors(ApiCall call, const comments::v1::SearchAuthorsRequest& request,
                     Answered<comments::v1::SearchAuthorsResponse> answered);
  // The same where no request waits.
  void ListComments(Errand errand, const comments::v1::ListCommentsRequest& request,
                    Answered<comments::v1::ListCommentsResponse, Errand> answered);
  void GetInvoice(Errand errand, const invoices::v1::GetInvoiceRequest& request,
                  Answered<invoices::v1::GetInvoiceResponse, Errand> answered);

  comments::v1::CommentsService::Stub& comments() { return *comments_; }
  // For calls that no request asked for.
  Tracer* tracer() const { return tracer_; }

  // Every call is entered when it begins, so that Close can end it. It leaves in two steps: from
  // Forget on its context may be destroyed, and only once it is has the call Left. Were a context
  // the last to let go of its channel, gRPC would wait for the thread that destroys it.
  void Enter(grpc::ClientContext* context);
  void Forget(grpc::ClientContext* context);
  void Left();

  // Cancels what is in flight, and whatever begins later as it begins. Waits for all to have ended.
  void Close();

 private:
  const std::unique_ptr<comments::v1::CommentsService::Stub> comments_;
  const std::unique_ptr<invoices::v1::InvoicesService::Stub> invoices_;
  const ThreadChanged changed_;
  Tracer* const tracer_;
  std::mutex mutex_;
  std::condition_variable left_;
  absl::flat_hash_set<grpc::ClientContext*> in_flight_;
  std::size_t entered_ = 0;  // and not left
  bool closed_ = false;
};

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_UPSTREAM_UPSTREAM_H_
