#include "gateway/upstream/stream_call.h"

#include <grpcpp/support/client_callback.h>

#include <utility>

#include "gateway/upstream/http_fields.h"
#include "services/process/stopwatch.h"
#include "services/rpc/client/channel.h"
#include "services/rpc/grpc_status.h"
#include "services/rpc/rpc_span.h"
#include "services/rpc/trace_metadata.h"

namespace marginalia {
namespace {

using comments::v1::CommentsService;
using comments::v1::ExportEvidenceRequest;
using comments::v1::ExportEvidenceResponse;
using comments::v1::WatchEventsRequest;
using comments::v1::WatchEventsResponse;

// What differs from method to method, by the request.
constexpr std::string_view MethodOf(const WatchEventsRequest* /*request*/) {
  return "marginalia.comments.v1.CommentsService/WatchEvents";
}
constexpr std::string_view MethodOf(const ExportEvidenceRequest* /*request*/) {
  return "marginalia.comments.v1.CommentsService/ExportEvidence";
}
SteadyTime DeadlineOf(const WatchEventsRequest& /*request*/) { return SteadyTime::Never(); }
SteadyTime DeadlineOf(const ExportEvidenceRequest& /*request*/) {
  return SteadyTime::Now() + kEvidenceDeadline;
}
void Begin(CommentsService::Stub& stub, grpc::ClientContext* context,
           const WatchEventsRequest* request,
           grpc::ClientReadReactor<WatchEventsResponse>* reactor) {
  stub.async()->WatchEvents(context, request, reactor);
}
void Begin(CommentsService::Stub& stub, grpc::ClientContext* context,
           const ExportEvidenceRequest* request,
           grpc::ClientReadReactor<ExportEvidenceResponse>* reactor) {
  stub.async()->ExportEvidence(context, request, reactor);
}

}  // namespace

// Its members are touched on the io thread alone; gRPC's threads only post. A hold keeps the call
// from being done while nothing is being read, until it is let go of.
template <class Request, class Response>
class StreamCall<Request, Response>::Reactor : public grpc::ClientReadReactor<Response> {
 public:
  Reactor(StreamCall* owner, IoThread& io, Upstream& upstream, const Trace& trace, Events events)
      : owner_(owner), io_(io), upstream_(upstream), trace_(trace), events_(std::move(events)) {}

  void Start(const Request& request, std::string_view bearer, std::string_view request_id) {
    request_ = request;
    PrepareCall(context_, bearer, request_id, DeadlineOf(request));
    PassOnTrace(context_, trace_);
    upstream_.Enter(&context_);
    Begin(upstream_.comments(), &context_, &request_, this);
    this->AddHold();
    this->StartRead(&message_);
    reading_ = true;
    this->StartCall();
  }

  void Next() {
    if (reading_ || ended_) return;
    reading_ = true;
    this->StartRead(&message_);
  }

  void Abandon() {
    owner_ = nullptr;
    context_.TryCancel();
    if (!reading_) LetGo();
  }

 private:
  void OnReadDone(bool ok) override {
    io_.Post([this, ok] { ReadDone(ok); });
  }

  void OnDone(const grpc::Status& status) override {
    io_.Post([this, status] {
      RecordRpcSpan(trace_, SpanKind::kClient, MethodOf(&request_), "", stopwatch_.elapsed(),
                    static_cast<absl::StatusCode>(status.error_code()));
      if (owner_ != nullptr) events_.ended(WithHttpFieldNames(FromGrpc(status)));
      if (owner_ != nullptr) owner_->reactor_ = nullptr;
      Upstream& upstream = upstream_;
      upstream.Forget(&context_);
      delete this;
      upstream.Left();
    });
  }

  void ReadDone(bool ok) {
    reading_ = false;
    if (!ok || owner_ == nullptr) return LetGo();
    events_.received(message_);
  }

  void LetGo() {
    if (std::exchange(ended_, true)) return;
    this->RemoveHold();
  }

  // Null once it has let go.
  StreamCall* owner_;
  IoThread& io_;
  Upstream& upstream_;
  const Trace trace_;
  const Stopwatch stopwatch_;
  Events events_;
  grpc::ClientContext context_;
  Request request_;
  Response message_;
  bool reading_ = false;
  bool ended_ = false;
};

template <class Request, class Response>
StreamCall<Request, Response>::StreamCall(IoThread& io, Upstream& upstream, const Request& request,
                                          std::string_view bearer, std::string_view request_id,
                                          const Trace& trace, Events events)
    : reactor_(new Reactor(this, io, upstream, trace, std::move(events))) {
  reactor_->Start(request, bearer, request_id);
}

template <class Request, class Response>
StreamCall<Request, Response>::~StreamCall() {
  if (reactor_ != nullptr) reactor_->Abandon();
}

template <class Request, class Response>
void StreamCall<Request, Response>::Next() {
  if (reactor_ != nullptr) reactor_->Next();
}

template class StreamCall<WatchEventsRequest, WatchEventsResponse>;
template class StreamCall<ExportEvidenceRequest, ExportEvidenceResponse>;

}  // namespace marginalia
