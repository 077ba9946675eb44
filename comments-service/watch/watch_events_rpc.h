// WatchEvents: streams the event log to one watcher. Never more than one message is under way to a
// watcher; what it has not read yet stays in the log. Thread-safe.
#ifndef MARGINALIA_COMMENTS_SERVICE_WATCH_WATCH_EVENTS_RPC_H_
#define MARGINALIA_COMMENTS_SERVICE_WATCH_WATCH_EVENTS_RPC_H_

#include <grpcpp/server_context.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include "absl/time/time.h"
#include "comments-service/invoices/invoice_lookup.h"
#include "comments-service/watch/open_watches.h"
#include "services/events/log/event_feed.h"
#include "services/rpc/gate/gate.h"

namespace marginalia {

// A watcher hears this often at least how far the log has got.
inline constexpr absl::Duration kCheckpointInterval = absl::Seconds(1);
// A replica that has not heard for so long what others have written ends its watches, rather than
// say that there is nothing.
inline constexpr absl::Duration kWatchBehindMax = absl::Seconds(2);
// Batches without a match that a watcher goes over before it says how far it has got, and others
// get their turn.
inline constexpr int kSilentBatchesMax = 16;

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
