#include "deploy/keys/token_mint.h"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <filesystem>
#include <random>
#include <system_error>

#include "deploy/keys/key_file.h"
#include "services/identity/jwks.h"

extern "C" {
#include <rhonabwy.h>
}

namespace marginalia {
namespace {

namespace json = boost::json;

constexpr unsigned int kCurveBits = 256;

struct FreeKey {
  void operator()(jwk_t* key) const { r_jwk_free(key); }
};
using Key = std::unique_ptr<jwk_t, FreeKey>;

struct FreeToken {
  void operator()(jwt_t* token) const { r_jwt_free(token); }
};

struct FreeText {
  void operator()(char* text) const { r_free(text); }
};
using Text = std::unique_ptr<char, FreeText>;

Key NewKey() {
  jwk_t* key = nullptr;
  r_jwk_init(&key);
  return Key(key);
}

absl::StatusOr<std::string> NewPrivateKey() {
  const Key private_key = NewKey();
  const Key public_key = NewKey();
  if (r_jwk_generate_key_pair(private_key.get(), public_key.get(), R_KEY_TYPE_EC, kCurveBits,
                              nullptr) != RHN_OK) {
    return absl::InternalError("cannot make an ES256 key pair");
  }
  // The key's own thumbprint (RFC 7638) as its id: another key can never carry the same.
  const Text kid(r_jwk_thumbprint(public_key.get(), R_JWK_THUMB_SHA256, R_FLAG_IGNORE_REMOTE));
  r_jwk_set_property_str(private_key.get(), "kid", kid.get());
  r_jwk_set_property_str(private_key.get(), "alg", "ES256");
  return std::string(Text(r_jwk_export_to_json_str(private_key.get(), 0)).get());
}

absl::StatusOr<std::string> LoadOrMakePrivateKey(const std::string& path) {
  if (!std::filesystem::exists(path)) {
    const absl::StatusOr<std::string> made = NewPrivateKey();
    if (!made.ok()) return made.status();
    const absl::Status written = WriteKeyFile(path, *made, 0600, IfThere::kKeep);
    if (!written.ok()) return written;
  }
  return ReadKeyFile(path);
}

bool HoldsKey(const std::string& jwks_path, const std::string& kid) {
  const absl::StatusOr<KeySet> keys = ReadKeys(jwks_path);
  return keys.ok() && keys->contains(kid);
}

std::string RandomId() {
  std::random_device random;
  std::string id;
  for (int i = 0; i < 4; ++i) id += std::to_string(random()) + (i < 3 ? "-" : "");
  return id;
}

}  // namespace

absl::StatusOr<std::unique_ptr<TokenMint>> TokenMint::Open(const std::string& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) return absl::UnavailableError("cannot make " + directory + ": " + error.message());
  const std::string path = directory + "/private-key.json";
  absl::StatusOr<std::string> private_key = LoadOrMakePrivateKey(path);
  if (!private_key.ok()) return private_key.status();

  const Key key = NewKey();
  const Key public_key = NewKey();
  if (r_jwk_import_from_json_str(key.get(), private_key->c_str()) != RHN_OK ||
      r_jwk_extract_pubkey(key.get(), public_key.get(), R_FLAG_IGNORE_REMOTE) != RHN_OK) {
    return absl::FailedPreconditionError(path + " holds no ES256 key; remove it to get a new one");
  }
  std::unique_ptr<TokenMint> mint(new TokenMint);
  mint->private_key_ = *std::move(private_key);
  mint->kid_ = r_jwk_get_property_str(key.get(), "kid");
  mint->jwks_path_ = directory + "/jwks.json";
  if (HoldsKey(mint->jwks_path_, mint->kid_)) return mint;
  const Text exported(r_jwk_export_to_json_str(public_key.get(), 0));
  const std::string jwks = "{\"keys\":[" + std::string(exported.get()) + "]}\n";
  const absl::Status written = WriteKeyFile(mint->jwks_path_, jwks, 0644, IfThere::kReplace);
  if (!written.ok()) return written;
  return mint;
}

std::string TokenMint::Mint(const TokenClaims& claims, absl::Duration lifetime) const {
  const absl::Time now = absl::Now();
  json::object body{{"iss", issuer_},
                    {"aud", audience_},
                    {"sub", claims.sub},
                    {"role", claims.role},
                    {"iat", absl::ToUnixSeconds(now)},
                    {"exp", absl::ToUnixSeconds(now + lifetime)},
                    {"jti", RandomId()}};
  if (!claims.org.empty()) body["org"] = claims.org;
  if (!claims.name.empty()) body["name"] = claims.name;

  const Key key = NewKey();
  r_jwk_import_from_json_str(key.get(), private_key_.c_str());
  jwt_t* made = nullptr;
  r_jwt_init(&made);
  const std::unique_ptr<jwt_t, FreeToken> token(made);
  r_jwt_set_header_str_value(token.get(), "typ", "JWT");
  r_jwt_set_header_str_value(token.get(), "kid", kid_.c_str());
  r_jwt_set_sign_alg(token.get(), R_JWA_ALG_ES256);
  r_jwt_set_full_claims_json_str(token.get(), json::serialize(body).c_str());
  const Text serialized(r_jwt_serialize_signed(token.get(), key.get(), R_FLAG_IGNORE_REMOTE));
  return serialized ? serialized.get() : "";
}

}  // namespace marginalia
