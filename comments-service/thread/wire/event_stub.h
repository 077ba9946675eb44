// An event of the kind comment_added as it is stored: what the comment's own row does not say. The
// rest is read from there, so that each word is written once, and an erased one is gone from the
// event with the row. Thread-safe.
#ifndef MARGINALIA_COMMENTS_SERVICE_THREAD_WIRE_EVENT_STUB_H_
#define MARGINALIA_COMMENTS_SERVICE_THREAD_WIRE_EVENT_STUB_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "comments-service/thread/wire/comment_wire.h"
#include "services/events/log/event.h"
#include "services/storage/connection/connection.h"

namespace marginalia {

// What is stored of `event`; empty: it is stored whole, since the comment's row does not say the
// rest. That is so of any other kind than comment_added, and of a comment that was added as one
// that has changed before. Numbers as varints, and none behind the last that is not 0: the
// kind, the event's number, the thread's counts of changes and of removed comments, whether it is
// resolved, since when, how much later than the comment the event is (zigzag); then who resolved
// it, the id with its length in front and the name.
std::string EventStub(const EventView& event);

// The event again, as EncodeEvent wrote it: `comment` is as it was when it was added, or without
// its words if these have been erased since. Nothing when `stub` is none.
std::optional<std::string> WholeEvent(std::string_view stub, std::int64_t position,
                                      std::string_view org_id, const CommentView& comment);

// See CompleteStubs. Throws what SOCI throws.
void CompleteEvents(Connection& connection, std::vector<std::shared_ptr<Event>>& events);

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_THREAD_WIRE_EVENT_STUB_H_
