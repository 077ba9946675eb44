#include "comments-service/watch/watch_events_rpc.h"

#include <utility>

#include "comments-service/watch/watcher_rpc.h"
#include "services/rpc/gate/late_refusals.h"
#include "services/rpc/grpc_status.h"

namespace marginalia {
namespace {

// A call that is refused before it becomes a watch.
class RefusedWatch : public grpc::ServerWriteReactor<grpc::ByteBuffer> {
 public:
  explicit RefusedWatch(const absl::Status& status) {
    LateRefusals::OfProcess().Tell(status, [this, status] { Finish(ToGrpc(status)); });
  }
  void OnDone() override { delete this; }
};

}  // namespace

WatchEventsRpc::WatchEventsRpc(Gate& gate, EventFeed& feed, InvoiceLookup& invoices,
                               OpenWatches& watches)
    : gate_(gate),
      feed_(feed),
      invoices_(invoices),
      watches_(watches),
      method_(gate.Method("marginalia.comments.v1.CommentsService/WatchEvents")) {}

grpc::ServerWriteReactor<grpc::ByteBuffer>* WatchEventsRpc::Watch(
    grpc::CallbackServerContext* context, const grpc::ByteBuffer* request) {
  absl::StatusOr<AdmittedCall> call = gate_.Admit(context, method_);
  if (!call.ok()) return new RefusedWatch(call.status());
  auto* watcher = new Watcher(context, *std::move(call), feed_, watches_);
  watcher->Start(*request, invoices_);
  return watcher;
}

}  // namespace marginalia
