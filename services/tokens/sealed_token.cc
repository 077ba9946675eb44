#include "services/tokens/sealed_token.h"

#include <openssl/evp.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <memory>

#include "services/text/base64url.h"

namespace marginalia {
namespace {

// The first byte of every token: a later layout gets another one.
constexpr char kVersion = 1;
// 72 bits, and the tokens come out at a multiple of three bytes more often than with 64.
constexpr std::size_t kSealBytes = 9;

using Seal = std::array<unsigned char, EVP_MAX_MD_SIZE>;

// Fetched once: OpenSSL 3 looks an algorithm up under a lock whenever it is named.
const EVP_MD* Sha256() {
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

void AppendPiece(std::string& text, std::string_view piece) {
  const auto size = static_cast<std::uint32_t>(piece.size());
  for (int shift = 24; shift >= 0; shift -= 8) text += static_cast<char>(size >> shift);
  text += piece;
}

Seal SealOf(std::string_view payload, std::initializer_list<std::string_view> binding) {
  thread_local std::string text;
  text.assign(1, kVersion);
  for (const std::string_view piece : binding) AppendPiece(text, piece);
  AppendPiece(text, payload);
  Seal seal;
  EVP_MD_CTX* context = ThreadContext();
  const bool sealed = EVP_DigestInit_ex2(context, Sha256(), nullptr) == 1 &&
                      EVP_DigestUpdate(context, text.data(), text.size()) == 1 &&
                      EVP_DigestFinal_ex(context, seal.data(), nullptr) == 1;
  // SHA-256 cannot fail; a library that lacks it leaves nothing sensible to do.
  if (!sealed) std::abort();
  return seal;
}

}  // namespace

std::string SealToken(std::string_view payload, std::initializer_list<std::string_view> binding) {
  const Seal seal = SealOf(payload, binding);
  std::string bytes;
  bytes.reserve(1 + payload.size() + kSealBytes);
  bytes += kVersion;
  bytes += payload;
  bytes.append(reinterpret_cast<const char*>(seal.data()), kSealBytes);
  return EncodeBase64Url(bytes);
}

std::optional<std::string> OpenToken(std::string_view token,
                                     std::initializer_list<std::string_view> binding) {
  if (token.size() > kTokenCharactersMax) return std::nullopt;
  std::optional<std::string> bytes = DecodeBase64Url(token);
  if (!bytes || bytes->size() < 1 + kSealBytes || bytes->front() != kVersion) return std::nullopt;
  const std::string_view all = *bytes;
  const std::string_view payload = all.substr(1, all.size() - 1 - kSealBytes);
  const Seal seal = SealOf(payload, binding);
  const std::string_view expected(reinterpret_cast<const char*>(seal.data()), kSealBytes);
  if (all.substr(all.size() - kSealBytes) != expected) return std::nullopt;
  return std::string(payload);
}

}  // namespace marginalia
