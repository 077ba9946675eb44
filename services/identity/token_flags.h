// How a process verifies tokens, as its flags say.
#ifndef MARGINALIA_SERVICES_IDENTITY_TOKEN_FLAGS_H_
#define MARGINALIA_SERVICES_IDENTITY_TOKEN_FLAGS_H_

#include "services/identity/token_verifier.h"

namespace marginalia {

// Ends the process with 2 unless exactly one of --jwks_path and --insecure_identity is given; the
// latter is warned of in the log. Fails as TokenVerifier::Create does. After ParseConfigOrExit.
absl::StatusOr<std::unique_ptr<TokenVerifier>> TokensFromFlags();

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_IDENTITY_TOKEN_FLAGS_H_
