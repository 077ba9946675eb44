// One entry of an event log as the kit sees it: what happened is opaque bytes to it.
#ifndef MARGINALIA_SERVICES_EVENTS_LOG_EVENT_H_
#define MARGINALIA_SERVICES_EVENTS_LOG_EVENT_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace marginalia {

struct Event {
  std::int64_t position = 0;
  std::string org_id;
  // What the event is about within the tenant: the invoice id. Watchers filter by it.
  std::string subject;
  // The encoded event, as it goes over the wire.
  std::string payload;
};

// Shared by all who read it: a page of the log costs one decode however many watch.
using EventPointer = std::shared_ptr<const Event>;

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_EVENTS_LOG_EVENT_H_
