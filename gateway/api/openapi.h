// The description of the HTTP API, for /openapi.json: gateway/api/openapi.json as it was built in.
#ifndef MARGINALIA_GATEWAY_API_OPENAPI_H_
#define MARGINALIA_GATEWAY_API_OPENAPI_H_

#include <string_view>

namespace marginalia {

std::string_view OpenApiDocument();

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_API_OPENAPI_H_
