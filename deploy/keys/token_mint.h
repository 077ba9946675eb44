// Makes bearer tokens for one machine and for tests: an ES256 key pair in a directory of its own,
// the JWKS that the services verify with, and the tokens. Never part of a service. Thread-safe.
#ifndef MARGINALIA_DEPLOY_KEYS_TOKEN_MINT_H_
#define MARGINALIA_DEPLOY_KEYS_TOKEN_MINT_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace marginalia {

struct TokenClaims {
  // The tenant; empty: the claim is left out.
  std::string org;
  std::string sub;
  // Empty: the claim is left out.
  std::string name;
  // viewer, member, admin or service.
  std::string role;
};

class TokenMint {
 public:
  // Loads directory/private-key.json, or makes it (readable by its owner only), and writes
  // directory/jwks.json with the public key alone, unless that holds the key already: keys of
  // others that stand beside it stay. Makes the directory when it is not there. Processes that open
  // one directory at the same time end up with the same key.
  static absl::StatusOr<std::unique_ptr<TokenMint>> Open(const std::string& directory);

  // A token valid from now on for `lifetime`; a negative one makes a token that has expired.
  std::string Mint(const TokenClaims& claims, absl::Duration lifetime = absl::Hours(1)) const;

  const std::string& jwks_path() const { return jwks_path_; }
  // What the services expect by default (--jwt_issuer, --jwt_audience).
  const std::string& issuer() const { return issuer_; }
  const std::string& audience() const { return audience_; }
  const std::string& kid() const { return kid_; }

 private:
  TokenMint() = default;
  std::string private_key_;  // as JWK
  std::string kid_;
  std::string jwks_path_;
  std::string issuer_ = "marginalia";
  std::string audience_ = "marginalia";
};

}  // namespace marginalia

#endif  // MARGINALIA_DEPLOY_KEYS_TOKEN_MINT_H_
