#include "comments-service/watch/watch_events_rpc.h"

#include <utility>

#include "comments-service/watch/watcher_rpc.h"
#include "services/rpc/gate/refused_stream.h"

namespace marginalia {

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
  if (!call.ok())
    return new RefusedStream<grpc::ServerWriteReactor<grpc::ByteBuffer>>(call.status());
  auto* watcher = new Watcher(context, *std::move(call), feed_, watches_);
  watcher->Start(*request, invoices_);
  return watcher;
}

}  // namespace marginalia
