// How a process verifies tokens, as its flags say.
#ifndef MARGINALIA_SERVICES_IDENTITY_TOKEN_FLAGS_H_
#define MARGINALIA_SERVICES_IDENTITY_TOKEN_FLAGS_H_

#include "services/identity/token_verifier.h"

namespace marginalia {

// Ends the process with 2 when --jwks_path is missing. After ParseConfigOrExit.
TokenVerifierOptions TokensFromFlags();

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_IDENTITY_TOKEN_FLAGS_H_
