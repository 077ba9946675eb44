#include "tests/identity/forged_token.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <memory>

#include "services/text/base64url.h"

extern "C" {
#include <rhonabwy.h>
}

namespace marginalia {
namespace {

using Key = std::unique_ptr<jwk_t, void (*)(jwk_t*)>;
using Text = std::unique_ptr<char, void (*)(char*)>;

Key NewKey() {
  jwk_t* key = nullptr;
  r_jwk_init(&key);
  return Key(key, r_jwk_free);
}

std::string TextOf(char* text) {
  const Text owned(text, [](char* each) { r_free(each); });
  return text == nullptr ? "" : text;
}

jwa_alg AlgorithmIn(const std::string& header) {
  for (const char* name : {"ES256", "ES384", "RS256", "RS512", "EdDSA"}) {
    if (header.find(name) != header.npos) return r_str_to_jwa_alg(name);
  }
  return R_JWA_ALG_ES256;
}

}  // namespace

KeyPair NewKeyPair(std::string_view algorithm, std::string_view kid, unsigned int bits) {
  int type = R_KEY_TYPE_EC;
  if (algorithm == "RS256") type = R_KEY_TYPE_RSA;
  if (algorithm == "EdDSA") type = R_KEY_TYPE_EDDSA;
  if (bits == 0) bits = algorithm == "RS256" ? 2048 : algorithm == "ES384" ? 384 : 256;
  const Key private_key = NewKey();
  const Key public_key = NewKey();
  r_jwk_generate_key_pair(private_key.get(), public_key.get(), type, bits,
                          std::string(kid).c_str());
  return {TextOf(r_jwk_export_to_json_str(private_key.get(), 0)),
          TextOf(r_jwk_export_to_json_str(public_key.get(), 0))};
}

std::string SignedToken(const std::string& header, const std::string& claims,
                        const std::string& private_jwk) {
  const Key key = NewKey();
  r_jwk_import_from_json_str(key.get(), private_jwk.c_str());
  jws_t* made = nullptr;
  r_jws_init(&made);
  const std::unique_ptr<jws_t, void (*)(jws_t*)> jws(made, r_jws_free);
  r_jws_set_full_header_json_str(jws.get(), header.c_str());
  r_jws_set_alg(jws.get(), AlgorithmIn(header));
  r_jws_set_payload(jws.get(), reinterpret_cast<const unsigned char*>(claims.data()),
                    claims.size());
  return TextOf(r_jws_serialize(jws.get(), key.get(), 0));
}

std::string TokenWithSignature(std::string_view header, std::string_view claims,
                               std::string_view signature) {
  return EncodeBase64Url(header) + "." + EncodeBase64Url(claims) + "." + EncodeBase64Url(signature);
}

std::string HmacSha256(std::string_view key, std::string_view text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest, &size);
  return std::string(reinterpret_cast<const char*>(digest), size);
}

}  // namespace marginalia
