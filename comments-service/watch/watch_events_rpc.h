// WatchEvents: streams the event log to one watcher. Never more than one message is under way to a
// watcher; what it has not read yet stays in the log. Thread-safe.
#ifndef MARGINALIA_COMMENTS_SERVICE_WATCH_WATCH_EVENTS_RPC_H_
#define MARGINALIA_COMMENTS_SERVICE_WATCH_WATCH_EVENTS_RPC_H_

#include <grpcpp/server_context.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include "comments-service/invoices/invoice_lookup.h"
#include "comments-service/watch/open_watches.h"
#include "services/events/log/event_feed.h"
#include "services/rpc/gate/gate.h"

namespace marginalia {

class WatchEventsRpc {
 public:
  // None is owned; all must outlive the watches.
  WatchEventsRpc(Gate& gate, EventFeed& feed, InvoiceLookup& invoices, OpenWatches& watches);

  // The encoded request is a WatchEventsRequest, each message a WatchEventsResponse.
  grpc::ServerWriteReactor<grpc::ByteBuffer>* Watch(grpc::CallbackServerContext* context,
                                                    const grpc::ByteBuffer* request);

 private:
  Gate& gate_;
  EventFeed& feed_;
  InvoiceLookup& invoices_;
  OpenWatches& watches_;
  const GatedMethod& method_;
};

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_WATCH_WATCH_EVENTS_RPC_H_
