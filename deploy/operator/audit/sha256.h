// SHA-256 of what comes in pieces. Used by one thread.
#ifndef MARGINALIA_DEPLOY_OPERATOR_AUDIT_SHA256_H_
#define MARGINALIA_DEPLOY_OPERATOR_AUDIT_SHA256_H_

#include <openssl/evp.h>

#include <memory>
#include <string>
#include <string_view>

namespace marginalia {

class Sha256 {
 public:
  Sha256();
  void Update(std::string_view bytes);
  // As 64 hexadecimal digits in lower case. Ends it.
  std::string Hex();

 private:
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

}  // namespace marginalia

#endif  // MARGINALIA_DEPLOY_OPERATOR_AUDIT_SHA256_H_
