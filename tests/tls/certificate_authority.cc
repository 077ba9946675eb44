#include "tests/tls/certificate_authority.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <filesystem>
#include <fstream>

namespace marginalia {
namespace {

constexpr long kValidSeconds = 24 * 60 * 60;

std::shared_ptr<EVP_PKEY> NewKey() { return {EVP_EC_gen("P-256"), EVP_PKEY_free}; }

template <class Write>
std::string Pem(Write write) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new(BIO_s_mem()), BIO_free);
  write(bio.get());
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return std::string(text, static_cast<std::size_t>(size));
}

std::string PemOf(X509* certificate) {
  return Pem([certificate](BIO* bio) { PEM_write_bio_X509(bio, certificate); });
}

void AddExtension(X509* certificate, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

// Of the subject, for its key, by an issuer that has not signed it yet.
std::shared_ptr<X509> Unsigned(const Subject& subject, EVP_PKEY* key) {
  std::shared_ptr<X509> made(X509_new(), X509_free);
  X509_set_version(made.get(), X509_VERSION_3);
  std::uint32_t serial = 0;
  RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof(serial));
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(made.get()), serial);
  X509_gmtime_adj(X509_getm_notBefore(made.get()), -kValidSeconds);
  X509_gmtime_adj(X509_getm_notAfter(made.get()), kValidSeconds);
  X509_set_pubkey(made.get(), key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(made.get()), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(subject.common_name.c_str()),
                             -1, -1, 0);
  if (!subject.alternative_names.empty()) {
    AddExtension(made.get(), NID_subject_alt_name, subject.alternative_names);
  }
  return made;
}

std::shared_ptr<X509> SelfSigned(const std::string& name, EVP_PKEY* key) {
  auto own = Unsigned({.common_name = name}, key);
  X509_set_issuer_name(own.get(), X509_get_subject_name(own.get()));
  AddExtension(own.get(), NID_basic_constraints, "critical,CA:TRUE");
  AddExtension(own.get(), NID_key_usage, "critical,keyCertSign,cRLSign");
  X509_sign(own.get(), key, EVP_sha256());
  return own;
}

}  // namespace

CertificateAuthority::CertificateAuthority(const std::string& name)
    : name_(name),
      key_(NewKey()),
      own_(SelfSigned(name, key_.get())),
      certificate_(PemOf(own_.get())) {}

CertificateAuthority::~CertificateAuthority() = default;

Certified CertificateAuthority::CertifyAs(const Subject& subject) const {
  const auto key = NewKey();
  const auto made = Unsigned(subject, key.get());
  X509_set_issuer_name(made.get(), X509_get_subject_name(own_.get()));
  X509_sign(made.get(), key_.get(), EVP_sha256());
  return {PemOf(made.get()), Pem([&key](BIO* bio) {
            PEM_write_bio_PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
          })};
}

void PutFile(const std::string& path, std::string_view text) {
  const std::string beside = path + ".new";
  std::ofstream(beside, std::ios::binary) << text;
  std::filesystem::rename(beside, path);
}

}  // namespace marginalia
