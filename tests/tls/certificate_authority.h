// A certificate authority of a test: made when the test runs, gone when it ends. Immutable.
#ifndef MARGINALIA_TESTS_TLS_CERTIFICATE_AUTHORITY_H_
#define MARGINALIA_TESTS_TLS_CERTIFICATE_AUTHORITY_H_

#include <openssl/types.h>

#include <memory>
#include <string>
#include <string_view>

namespace marginalia {

// A certificate and its key, in PEM.
struct Certified {
  std::string certificate;
  std::string key;
  // Both, as they may stand in one file.
  std::string both() const { return key + certificate; }
};

struct Subject {
  std::string common_name;
  // As OpenSSL writes them, such as "DNS:gateway,IP:127.0.0.1"; empty: none.
  std::string alternative_names;
};

class CertificateAuthority {
 public:
  explicit CertificateAuthority(const std::string& name);
  ~CertificateAuthority();

  const std::string& name() const { return name_; }
  // Its own certificate, in PEM.
  const std::string& certificate() const { return certificate_; }

  Certified CertifyAs(const Subject& subject) const;
  // For a process on this machine that others know by `name`.
  Certified Certify(const std::string& name) const {
    return CertifyAs({name, "DNS:" + name + ",DNS:localhost,IP:127.0.0.1"});
  }

 private:
  const std::string name_;
  const std::shared_ptr<EVP_PKEY> key_;
  const std::shared_ptr<X509> own_;
  const std::string certificate_;
};

// Writes the file so that whoever reads it finds the old one or the new one, whole.
void PutFile(const std::string& path, std::string_view text);

}  // namespace marginalia

#endif  // MARGINALIA_TESTS_TLS_CERTIFICATE_AUTHORITY_H_
