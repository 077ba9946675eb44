// The answers that hold, or stand for, one caller's data. Pure functions, thread-safe.
#ifndef MARGINALIA_GATEWAY_HTTP_JSON_RESPONSE_H_
#define MARGINALIA_GATEWAY_HTTP_JSON_RESPONSE_H_

#include <string>
#include <string_view>

#include "gateway/http/message.h"

namespace marginalia {

// JSON that only the caller's own browser may keep, and not without asking again. An empty `tag`:
// no entity tag.
HttpResponse JsonResponse(int status, std::string json, std::string_view tag);

// The same as plain text in UTF-8.
HttpResponse TextResponse(std::string text, std::string_view tag);

// 304: what the caller has is what it would be sent.
HttpResponse NotModified(std::string_view tag);

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_HTTP_JSON_RESPONSE_H_
