#include "services/identity/verification_key.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <cstddef>
#include <optional>
#include <utility>

extern "C" {
#include <rhonabwy.h>
}

namespace marginalia {
namespace {

// RFC 7518, 3.4: two numbers of the curve, one after the other.
constexpr std::size_t kEs256NumberBytes = 32;
constexpr std::size_t kPemBytesMax = 16 * 1024;

const unsigned char* Bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

// Between the two libraries a key travels as PEM.
std::string PemOf(const std::string& jwk) {
  jwk_t* made = nullptr;
  r_jwk_init(&made);
  const std::unique_ptr<jwk_t, void (*)(jwk_t*)> key(made, r_jwk_free);
  if (r_jwk_import_from_json_str(key.get(), jwk.c_str()) != RHN_OK) return "";
  std::string pem(kPemBytesMax, '\0');
  std::size_t size = pem.size();
  if (r_jwk_export_to_pem_der(key.get(), R_FORMAT_PEM, reinterpret_cast<unsigned char*>(pem.data()),
                              &size, R_FLAG_IGNORE_REMOTE) != RHN_OK) {
    return "";
  }
  pem.resize(size);
  return pem;
}

// The same signature as OpenSSL takes it (RFC 3279, 2.2.3); empty when it is none.
std::string DerOf(std::string_view signature) {
  if (signature.size() != 2 * kEs256NumberBytes) return "";
  const std::unique_ptr<ECDSA_SIG, void (*)(ECDSA_SIG*)> made(ECDSA_SIG_new(), ECDSA_SIG_free);
  BIGNUM* r = BN_bin2bn(Bytes(signature), kEs256NumberBytes, nullptr);
  BIGNUM* s = BN_bin2bn(Bytes(signature) + kEs256NumberBytes, kEs256NumberBytes, nullptr);
  ECDSA_SIG_set0(made.get(), r, s);
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(made.get(), &der);
  std::string text = size > 0 ? std::string(reinterpret_cast<char*>(der), size) : "";
  OPENSSL_free(der);
  return text;
}

}  // namespace

std::shared_ptr<const VerificationKey> VerificationKey::FromJwk(const std::string& jwk,
                                                                std::string_view algorithm) {
  const std::string pem = PemOf(jwk);
  const std::unique_ptr<BIO, int (*)(BIO*)> bio(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
  std::shared_ptr<EVP_PKEY> key(PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr),
                                EVP_PKEY_free);
  if (key == nullptr) return nullptr;
  const int type = EVP_PKEY_get_base_id(key.get());
  std::optional<Algorithm> made;
  if (algorithm == "ES256" && type == EVP_PKEY_EC) made = Algorithm::kEs256;
  if (algorithm == "RS256" && type == EVP_PKEY_RSA) made = Algorithm::kRs256;
  if (algorithm == "EdDSA" && type == EVP_PKEY_ED25519) made = Algorithm::kEdDsa;
  if (!made.has_value()) return nullptr;
  return std::shared_ptr<const VerificationKey>(new VerificationKey(*made, std::move(key)));
}

bool VerificationKey::Verifies(std::string_view text, std::string_view signature) const {
  const std::string der = algorithm_ == Algorithm::kEs256 ? DerOf(signature) : "";
  if (algorithm_ == Algorithm::kEs256) signature = der;
  const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(),
                                                                   EVP_MD_CTX_free);
  // EdDSA hashes by itself. RSA's padding is PKCS #1 v1.5 by default, as RS256 wants it.
  const EVP_MD* hash = algorithm_ == Algorithm::kEdDsa ? nullptr : EVP_sha256();
  return EVP_DigestVerifyInit(context.get(), nullptr, hash, nullptr, key_.get()) == 1 &&
         EVP_DigestVerify(context.get(), Bytes(signature), signature.size(), Bytes(text),
                          text.size()) == 1;
}

}  // namespace marginalia
