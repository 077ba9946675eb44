// The flags that every process of Marginalia has. Each main defines --listen_address and
// --metrics_address itself, because their defaults differ.
#ifndef MARGINALIA_SERVICES_PROCESS_SERVICE_FLAGS_H_
#define MARGINALIA_SERVICES_PROCESS_SERVICE_FLAGS_H_

#include <string>

#include "absl/flags/declare.h"
#include "absl/time/time.h"

ABSL_DECLARE_FLAG(std::string, jwks_path);
ABSL_DECLARE_FLAG(std::string, jwt_issuer);
ABSL_DECLARE_FLAG(std::string, jwt_audience);
ABSL_DECLARE_FLAG(absl::Duration, drain_grace);

#endif  // MARGINALIA_SERVICES_PROCESS_SERVICE_FLAGS_H_
