// Opening the live event stream of an invoice's thread, for whoever may read it. Called on the io
// thread.
#ifndef MARGINALIA_GATEWAY_API_EVENTS_API_H_
#define MARGINALIA_GATEWAY_API_EVENTS_API_H_

#include <memory>
#include <optional>

#include "gateway/http/api_call.h"
#include "gateway/http/io_thread.h"
#include "gateway/live/event_stream.h"
#include "gateway/live/stream_places.h"
#include "gateway/upstream/upstream.h"
#include "services/tokens/consistency_token.h"

namespace marginalia {

class EventsApi {
 public:
  // Nothing is owned; all must outlive the calls.
  EventsApi(IoThread& io, Upstream& upstream, EventStream& events, StreamPlaces& places)
      : io_(io), upstream_(upstream), events_(events), places_(places) {}

  void Open(ApiCall call);

 private:
  struct Wanted {
    std::unique_ptr<StreamPlace> place;
    std::optional<LogPoint> after;
  };
  // The thread's invoice may be read, but it is not known what it is really called.
  void Resolve(ApiCall call, Wanted wanted);
  void Begin(ApiCall call, Wanted wanted, std::string invoice_id);

  IoThread& io_;
  Upstream& upstream_;
  EventStream& events_;
  StreamPlaces& places_;
};

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_API_EVENTS_API_H_
