#include "services/text/framed_hash.h"

#include <openssl/evp.h>

#include <cstdlib>
#include <memory>

namespace marginalia {
namespace {

// Fetched once: OpenSSL 3 looks an algorithm up under a lock whenever it is named.
const EVP_MD* Algorithm() {
  static const EVP_MD* digest = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return digest;
}

EVP_MD_CTX* ThreadContext() {
  struct Free {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  thread_local const std::unique_ptr<EVP_MD_CTX, Free> context(EVP_MD_CTX_new());
  return context.get();
}

}  // namespace

void AppendFramed(std::string& bytes, std::string_view piece) {
  const auto size = static_cast<std::uint32_t>(piece.size());
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(size >> shift);
  bytes += piece;
}

Digest Sha256Of(std::string_view bytes) {
  Digest digest;
  EVP_MD_CTX* context = ThreadContext();
  const bool made = EVP_DigestInit_ex2(context, Algorithm(), nullptr) == 1 &&
                    EVP_DigestUpdate(context, bytes.data(), bytes.size()) == 1 &&
                    EVP_DigestFinal_ex(context, digest.data(), nullptr) == 1;
  // SHA-256 cannot fail; a library that lacks it leaves nothing sensible to do.
  if (!made) std::abort();
  return digest;
}

std::string_view BytesOf(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

}  // namespace marginalia
