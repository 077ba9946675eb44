// Takes every caller at its word, for a developer's machine that has no identity provider.
// Thread-safe.
#ifndef MARGINALIA_SERVICES_IDENTITY_INSECURE_VERIFIER_H_
#define MARGINALIA_SERVICES_IDENTITY_INSECURE_VERIFIER_H_

#include <memory>
#include <string>

#include "services/identity/token_verifier.h"

namespace marginalia {

// Whoever sends no token is "developer", an admin of the tenant `org_id`. A token is the user id of
// another admin, at most kInsecureUserCharactersMax of [A-Za-z0-9._@-]; the token "service" is a
// machine that acts for no tenant.
std::unique_ptr<TokenVerifier> MakeInsecureVerifier(std::string org_id);

inline constexpr std::size_t kInsecureUserCharactersMax = 64;

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_IDENTITY_INSECURE_VERIFIER_H_
