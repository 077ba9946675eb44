#include "services/process/service_flags.h"

#include "absl/flags/flag.h"
#include "services/process/config.h"

ABSL_FLAG(std::string, jwks_path, "",
          "Required, unless --insecure_identity is given. The public keys that callers' tokens are "
          "verified with: a JWKS file, or a "
          "directory of them. Read again when it changes.");
ABSL_FLAG(std::string, jwt_issuer, "marginalia",
          "What the claim \"iss\" of a token must be; commas separate several. The token of "
          "--service_token_path must pass as well: marginalia-operator signs as marginalia.");
ABSL_FLAG(std::string, jwt_audience, "marginalia",
          "What the claim \"aud\" of a token must be or contain; commas separate several, as "
          "above.");
ABSL_FLAG(absl::Duration, drain_grace, absl::Seconds(10),
          "How long calls in flight may take to finish after SIGTERM.");

namespace marginalia {
namespace {

// What ends a process by SIGKILL in the end, Kubernetes or systemd, waits no hour.
const FlagBounds kDrainGrace("drain_grace", absl::ZeroDuration(), absl::Hours(1));

}  // namespace
}  // namespace marginalia
