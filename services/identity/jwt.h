// The checks that one JWT must pass, step by step (RFC 7519, RFC 8725). Pure functions,
// thread-safe. Each fails with a message that completes "the bearer token …" and quotes nothing of
// the token.
#ifndef MARGINALIA_SERVICES_IDENTITY_JWT_H_
#define MARGINALIA_SERVICES_IDENTITY_JWT_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/identity/jwks.h"
#include "services/identity/token_verifier.h"

namespace marginalia {

inline constexpr std::size_t kIdBytesMax = 128;

struct JwtHeader {
  std::string algorithm;
  std::string kid;
};

// The header, once it is known to be harmless: an allowed algorithm, a key id, no key of its own,
// no place to fetch one from, and no extension that must be understood.
absl::StatusOr<JwtHeader> ReadJwtHeader(std::string_view token);

// Whether the signature over header and claims is the key's.
absl::Status CheckJwtSignature(std::string_view token, const PublicKey& key);

// Who the claims say is calling. Only for a token whose signature is good. Commas separate several
// issuers and audiences.
absl::StatusOr<VerifiedToken> ReadJwtClaims(std::string_view token, std::string_view issuers,
                                            std::string_view audiences, absl::Time now);

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_IDENTITY_JWT_H_
