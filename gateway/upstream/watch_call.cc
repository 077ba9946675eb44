#include "gateway/upstream/watch_call.h"

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

constexpr std::string_view kMethod = "marginalia.comments.v1.CommentsService/WatchEvents";

}  // namespace

// Its members are touched on the io thread alone; gRPC's threads only post. A hold keeps the call
// from being done while nothing is being read, until it is let go of.
class WatchCall::Reactor : public grpc::ClientReadReactor<comments::v1::WatchEventsResponse> {
 public:
  Reactor(WatchCall* owner, IoThread& io, Upstream& upstream, const Trace& trace, Events events)
      : owner_(owner), io_(io), upstream_(upstream), trace_(trace), events_(std::move(events)) {}

  void Start(const comments::v1::WatchEventsRequest& request, std::string_view bearer,
             std::string_view request_id) {
    request_ = request;
    PrepareCall(context_, bearer, request_id, SteadyTime::Never());
    PassOnTrace(context_, trace_);
    upstream_.Enter(&context_);
    upstream_.comments().async()->WatchEvents(&context_, &request_, this);
    AddHold();
    StartRead(&message_);
    reading_ = true;
    StartCall();
  }

  void Next() {
    if (reading_ || ended_) return;
    reading_ = true;
    StartRead(&message_);
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
      RecordRpcSpan(trace_, SpanKind::kClient, kMethod, "", stopwatch_.elapsed(),
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
    RemoveHold();
  }

  // Null once it has let go.
  WatchCall* owner_;
  IoThread& io_;
  Upstream& upstream_;
  const Trace trace_;
  const Stopwatch stopwatch_;
  Events events_;
  grpc::ClientContext context_;
  comments::v1::WatchEventsRequest request_;
  comments::v1::WatchEventsResponse message_;
  bool reading_ = false;
  bool ended_ = false;
};

WatchCall::WatchCall(IoThread& io, Upstream& upstream,
                     const comments::v1::WatchEventsRequest& request, std::string_view bearer,
                     std::string_view request_id, const Trace& trace, Events events)
    : reactor_(new Reactor(this, io, upstream, trace, std::move(events))) {
  reactor_->Start(request, bearer, request_id);
}

WatchCall::~WatchCall() {
  if (reactor_ != nullptr) reactor_->Abandon();
}

void WatchCall::Next() {
  if (reactor_ != nullptr) reactor_->Next();
}

}  // namespace marginalia
