// In which coding an answer's body travels (RFC 9110, 8.4 and 12.5.3): the smallest that the client
// takes. Only what is sent is coded; what is taken is not, so that no small request can become a
// large one. Pure functions, thread-safe.
#ifndef MARGINALIA_GATEWAY_HTTP_CONTENT_CODING_H_
#define MARGINALIA_GATEWAY_HTTP_CONTENT_CODING_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "gateway/http/message.h"

namespace marginalia {

// A shorter body fits into one packet as it is.
inline constexpr std::size_t kCodedBodyBytesMin = 1'024;

// What the value of Accept-Encoding allows.
ContentCoding ChooseCoding(std::string_view accept_encoding);

// "gzip"; empty for the identity.
std::string_view CodingName(ContentCoding coding);

// The text in that coding.
std::string InCoding(ContentCoding coding, std::string_view text);

// Codes the body of an answer that is not coded yet, where the request allows it and it pays. A
// body of the server's own words only is coded once, by whoever holds it.
void CodeBody(const HttpRequest& request, HttpResponse& response);

// Whether the request's own body is coded, or said to be.
bool HasCodedBody(const HttpRequest& request);

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_HTTP_CONTENT_CODING_H_
