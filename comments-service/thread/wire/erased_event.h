// What is left of an encoded Event when the comment that it carries is erased, and which events say
// that one was, or that one shows something else. Pure functions, thread-safe.
#ifndef MARGINALIA_COMMENTS_SERVICE_THREAD_WIRE_ERASED_EVENT_H_
#define MARGINALIA_COMMENTS_SERVICE_THREAD_WIRE_ERASED_EVENT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace marginalia {

// The event in its place without what its comment said, which is marked as erased; all else as it
// was. Throws std::runtime_error when the bytes are no Event: better to erase nothing than to leave
// a text behind.
std::string WithoutText(std::string_view encoded_event);

// Whether the event tells that a comment was erased. Looks at the first few bytes only.
bool IsErasure(std::string_view encoded_event);

// The place in its thread of the comment that shows something else from this event on; 0: none
// does. Nothing when that cannot be told, as of kinds that this version does not know.
std::optional<std::int64_t> ChangedPlace(std::string_view encoded_event);

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_THREAD_WIRE_ERASED_EVENT_H_
