// Entity tags and the conditions on them (RFC 9110, 8.8.3 and 13.1.2). Pure functions, thread-safe;
// every gateway makes the same tag of the same things.
#ifndef MARGINALIA_GATEWAY_HTTP_ETAG_H_
#define MARGINALIA_GATEWAY_HTTP_ETAG_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "gateway/http/message.h"

namespace marginalia {

// All that decides what a page of a thread shows: the thread's revision stands for its comments, as
// long as the log is the same. One that was restored from a backup has another id.
struct ThreadPageVersion {
  std::string_view log_id;
  std::string_view org_id;
  // As the caller wrote it.
  std::string_view invoice_id;
  std::string_view cursor;
  // The comment that the page was asked for around; empty: none.
  std::string_view around;
  int limit = 0;
  // Of the thread: rises with whatever changes it or a comment of it.
  std::int64_t revision = 0;
};

// A weak tag, quotes included: the consistency token of a page differs from answer to answer.
std::string ThreadPageTag(const ThreadPageVersion& version);

// A weak tag of a text, for answers that also tell what changes from call to call.
std::string WeakTag(std::string_view text);

// Whether If-None-Match is there at all.
bool IsConditional(const HttpRequest& request);
// Whether If-None-Match is "*".
bool MatchesAnything(const HttpRequest& request);
// Whether If-None-Match names the tag, in whatever coding, or everything: the client has what it
// would be sent.
bool NamesTag(const HttpRequest& request, std::string_view tag);

// The tag as If-None-Match names it, with what a coding added to it; empty when it does not.
std::string TagAsNamed(const HttpRequest& request, std::string_view tag);

// A strong tag of what has a tag of its own: that in quotes.
std::string StrongTag(std::string_view etag);

// What If-Match asks for, without its quotes: it names one tag. Empty when it is not there.
// Errors: INVALID_ARGUMENT, field If-Match, when it says anything else.
absl::StatusOr<std::string> IfMatch(const HttpRequest& request);

// The tag of the same answer in a coding.
std::string TagInCoding(std::string_view tag, ContentCoding coding);

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_HTTP_ETAG_H_
