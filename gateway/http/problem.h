// A failure as HTTP tells it: application/problem+json (RFC 9457). The one place where statuses
// become HTTP. Pure functions, thread-safe.
#ifndef MARGINALIA_GATEWAY_HTTP_PROBLEM_H_
#define MARGINALIA_GATEWAY_HTTP_PROBLEM_H_

#include <string_view>

#include "absl/status/status.h"
#include "gateway/http/message.h"

namespace marginalia {

inline constexpr std::string_view kProblemType = "application/problem+json";

// The HTTP status of a failure, as google/rpc/code.proto says, but 410 for events that are no
// longer retained and 507 for a full disk.
int HttpStatusOf(const absl::Status& status);

// Whether the same request may succeed later: 429, 503 and 504.
bool IsPassing(const absl::Status& status);

// {type, title, status, detail, reason, requestId, errors [{field, message}]}. Adds Retry-After
// where trying again makes sense.
HttpResponse Problem(const absl::Status& status, std::string_view request_id);

// The same for what only HTTP knows: 404 for no such path, 405, 413, 415 and so on.
HttpResponse Problem(int status, std::string_view reason, std::string_view detail,
                     std::string_view request_id);

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_HTTP_PROBLEM_H_
