#include "services/identity/token_flags.h"

#include <string>
#include <string_view>
#include <utility>

#include "absl/flags/flag.h"
#include "services/identity/insecure_verifier.h"
#include "services/process/config.h"
#include "services/process/log.h"
#include "services/process/service_flags.h"

ABSL_FLAG(std::string, insecure_identity, "",
          "tenant: verify no token and take every caller for an admin of this tenant. For a "
          "developer's machine only. A bearer token is then taken as a user id, and the word "
          "service as a machine.");

namespace marginalia {

absl::StatusOr<std::unique_ptr<TokenVerifier>> TokensFromFlags() {
  TokenVerifierOptions options;
  options.jwks_path = absl::GetFlag(FLAGS_jwks_path);
  const std::string insecure_org = absl::GetFlag(FLAGS_insecure_identity);
  if (insecure_org.empty() && options.jwks_path.empty()) {
    ExitOnBadFlag("jwks_path", "is required");
  }
  if (!insecure_org.empty()) {
    if (!options.jwks_path.empty()) {
      ExitOnBadFlag("insecure_identity", "cannot be given together with --jwks_path");
    }
    Log(Severity::kWarning, "identity is not verified: every caller is an admin",
        {{"org_id", std::string_view(insecure_org)}});
    return MakeInsecureVerifier(insecure_org);
  }
  options.issuer = absl::GetFlag(FLAGS_jwt_issuer);
  if (options.issuer.empty()) ExitOnBadFlag("jwt_issuer", "must name an issuer");
  options.audience = absl::GetFlag(FLAGS_jwt_audience);
  if (options.audience.empty()) ExitOnBadFlag("jwt_audience", "must name an audience");
  return TokenVerifier::Create(std::move(options));
}

}  // namespace marginalia
