// Opening the live event stream of an invoice's thread, for whoever may read it. Called on the io
// thread.
#ifndef MARGINALIA_GATEWAY_API_EVENTS_API_H_
#define MARGINALIA_GATEWAY_API_EVENTS_API_H_

#include "gateway/http/gate/api_call.h"
#include "gateway/live/event_stream.h"
#include "gateway/live/stream_places.h"

namespace marginalia {

class EventsApi {
 public:
  // Nothing is owned; all must outlive the calls.
  EventsApi(EventStream& events, StreamPlaces& places) : events_(events), places_(places) {}

  void Open(ApiCall call);
  // What has happened after a token, as one answer.
  void ListChanges(ApiCall call);

 private:
  EventStream& events_;
  StreamPlaces& places_;
};

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_API_EVENTS_API_H_
