#include "services/net/tls.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>
#include <utility>

namespace marginalia {
namespace {

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Bio = std::unique_ptr<BIO, Freed<BIO_free>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using PrivateKey = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;

absl::StatusOr<std::string> ReadPem(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(kPemBytesMax + 1, '\0');
  if (file) file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!file.is_open() || file.bad() || (file.fail() && !file.eof())) {
    return absl::NotFoundError("cannot read " + path + ": " + std::strerror(errno));
  }
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > kPemBytesMax) return absl::InvalidArgumentError(path + " is larger than 1 MiB");
  return text;
}

Bio Reader(const std::string& pem) {
  return Bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

Certificate FirstCertificate(const std::string& pem) {
  Certificate found(PEM_read_bio_X509(Reader(pem).get(), nullptr, nullptr, nullptr));
  ERR_clear_error();
  return found;
}

// Where OpenSSL would ask the terminal for the pass phrase of an encrypted key.
int NoPassPhrase(char*, int, int, void*) { return -1; }

PrivateKey FirstKey(const std::string& pem) {
  PrivateKey found(PEM_read_bio_PrivateKey(Reader(pem).get(), nullptr, NoPassPhrase, nullptr));
  ERR_clear_error();
  return found;
}

}  // namespace

absl::StatusOr<TlsIdentityPem> ReadTlsIdentity(const TlsIdentity& identity) {
  auto chain = ReadPem(identity.certificate_path);
  if (!chain.ok()) return chain.status();
  auto key = ReadPem(identity.key_path);
  if (!key.ok()) return key.status();
  const Certificate leaf = FirstCertificate(*chain);
  if (leaf == nullptr) {
    return absl::InvalidArgumentError(identity.certificate_path + " holds no certificate in PEM");
  }
  const PrivateKey own = FirstKey(*key);
  if (own == nullptr) {
    return absl::InvalidArgumentError(identity.key_path +
                                      " holds no private key in PEM, or an encrypted one");
  }
  if (X509_check_private_key(leaf.get(), own.get()) != 1) {
    ERR_clear_error();
    return absl::InvalidArgumentError("the key in " + identity.key_path +
                                      " does not belong to the certificate in " +
                                      identity.certificate_path);
  }
  return TlsIdentityPem{*std::move(chain), *std::move(key)};
}

absl::Status CheckAuthorities(const std::string& ca_path) {
  const auto pem = ReadPem(ca_path);
  if (!pem.ok()) return pem.status();
  if (FirstCertificate(*pem) != nullptr) return absl::OkStatus();
  return absl::InvalidArgumentError(ca_path + " holds no certificate in PEM");
}

}  // namespace marginalia
