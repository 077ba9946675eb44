// What the requests of the contract call a field, and what the HTTP API calls it. Pure,
// thread-safe.
#ifndef MARGINALIA_GATEWAY_UPSTREAM_HTTP_FIELDS_H_
#define MARGINALIA_GATEWAY_UPSTREAM_HTTP_FIELDS_H_

#include "absl/status/status.h"

namespace marginalia {

// A service's refusal with its fields named as the HTTP API names them. Only for what a service
// said: a caller may have called something by a name of the contract itself.
absl::Status WithHttpFieldNames(absl::Status status);

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_UPSTREAM_HTTP_FIELDS_H_
