// A public key, parsed once and ready to verify signatures with. Immutable: share it between
// threads.
#ifndef MARGINALIA_SERVICES_IDENTITY_VERIFICATION_KEY_H_
#define MARGINALIA_SERVICES_IDENTITY_VERIFICATION_KEY_H_

#include <memory>
#include <string>
#include <string_view>

// Of OpenSSL.
struct evp_pkey_st;

namespace marginalia {

class VerificationKey {
 public:
  // Of a public JWK (RFC 7517); null when it is none that `algorithm` (ES256, RS256 or EdDSA) can
  // be verified with.
  static std::shared_ptr<const VerificationKey> FromJwk(const std::string& jwk,
                                                        std::string_view algorithm);

  // Whether `signature`, in the bytes that JWS has it in (RFC 7518), is the key's over `text`.
  bool Verifies(std::string_view text, std::string_view signature) const;

 private:
  enum class Algorithm { kEs256, kRs256, kEdDsa };
  VerificationKey(Algorithm algorithm, std::shared_ptr<evp_pkey_st> key)
      : algorithm_(algorithm), key_(std::move(key)) {}

  const Algorithm algorithm_;
  const std::shared_ptr<evp_pkey_st> key_;
};

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_IDENTITY_VERIFICATION_KEY_H_
