// One entry of an event log as the kit sees it: what happened is opaque bytes to it.
#ifndef MARGINALIA_SERVICES_EVENTS_LOG_EVENT_H_
#define MARGINALIA_SERVICES_EVENTS_LOG_EVENT_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace marginalia {

class Connection;

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

// Makes whole what Append has stored as a stub: gives those of `events` that have no subject their
// subject and payload, from the service's own rows, which `connection` sees as it sees the events;
// one whose rows are gone stays as it is. It acts for all tenants. Called on many threads at once.
using CompleteStubs =
    std::function<void(Connection& connection, std::vector<std::shared_ptr<Event>>& events)>;

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_EVENTS_LOG_EVENT_H_
