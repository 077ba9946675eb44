// Whether a request sends what the API takes. Pure functions, thread-safe.
#ifndef MARGINALIA_GATEWAY_API_JSON_REQUEST_H_
#define MARGINALIA_GATEWAY_API_JSON_REQUEST_H_

#include "gateway/http/gate/api_call.h"

namespace marginalia {

// Whether Content-Type is JSON in UTF-8, which is all that JSON is exchanged in (RFC 8259, 8.1).
bool SendsJson(const ApiCall& call);

// The same, or nothing at all: where every member may be left out.
bool SendsJsonOrNothing(const ApiCall& call);

// Answers 415.
void RefuseContentType(ApiCall call);

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_API_JSON_REQUEST_H_
