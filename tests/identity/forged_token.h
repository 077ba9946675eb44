// Key pairs and tokens of every kind, good and hostile, with any header and claims.
#ifndef MARGINALIA_TESTS_IDENTITY_FORGED_TOKEN_H_
#define MARGINALIA_TESTS_IDENTITY_FORGED_TOKEN_H_

#include <string>
#include <string_view>

namespace marginalia {

struct KeyPair {
  std::string private_jwk;
  std::string public_jwk;
};

// `algorithm` is ES256, RS256, EdDSA or ES384.
KeyPair NewKeyPair(std::string_view algorithm, std::string_view kid, unsigned int bits = 0);

// header.claims.signature, signed with the key by what the header names as "alg".
std::string SignedToken(const std::string& header, const std::string& claims,
                        const std::string& private_jwk);

// The same with any signature at all.
std::string TokenWithSignature(std::string_view header, std::string_view claims,
                               std::string_view signature);

// HMAC-SHA256, for tokens that take a public key for a shared secret.
std::string HmacSha256(std::string_view key, std::string_view text);

}  // namespace marginalia

#endif  // MARGINALIA_TESTS_IDENTITY_FORGED_TOKEN_H_
