#include "services/identity/token_flags.h"

#include "absl/flags/flag.h"
#include "services/process/config.h"
#include "services/process/service_flags.h"

namespace marginalia {

TokenVerifierOptions TokensFromFlags() {
  TokenVerifierOptions options;
  options.jwks_path = absl::GetFlag(FLAGS_jwks_path);
  if (options.jwks_path.empty()) ExitOnBadFlag("jwks_path", "is required");
  options.issuer = absl::GetFlag(FLAGS_jwt_issuer);
  options.audience = absl::GetFlag(FLAGS_jwt_audience);
  return options;
}

}  // namespace marginalia
