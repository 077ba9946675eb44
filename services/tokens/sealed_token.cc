#include "services/tokens/sealed_token.h"

#include <cstdint>

#include "absl/random/random.h"
#include "services/text/base64url.h"
#include "services/text/framed_hash.h"
#include "services/tokens/token_keys.h"

namespace marginalia {
namespace {

using Binding = std::initializer_list<std::string_view>;

// The first byte of every token: what follows. A process that has keys takes no readable one, which
// anybody can make.
constexpr char kReadable = 1;
constexpr char kEncrypted = 2;
// 72 bits, and the tokens come out at a multiple of three bytes more often than with 64.
constexpr std::size_t kSealBytes = 9;
// Of an encrypted one: a length says no more than how many of these there are.
constexpr std::size_t kBlockBytes = 24;
constexpr char kEndOfPayload = '\x80';

std::string BoundTo(char version, Binding binding) {
  std::string bound(1, version);
  for (const std::string_view piece : binding) AppendFramed(bound, piece);
  return bound;
}

std::string SealOf(std::string_view payload, Binding binding) {
  std::string text = BoundTo(kReadable, binding);
  AppendFramed(text, payload);
  return std::string(BytesOf(Sha256Of(text)).substr(0, kSealBytes));
}

std::string Padded(std::string_view payload) {
  std::string padded(payload);
  padded += kEndOfPayload;
  padded.resize((padded.size() + kBlockBytes - 1) / kBlockBytes * kBlockBytes, '\0');
  return padded;
}

std::string Seal(std::string_view payload, Binding binding, std::string_view salt) {
  std::string bytes;
  if (HasTokenKeys()) {
    bytes += kEncrypted;
    bytes += EncryptToken(Padded(payload), BoundTo(kEncrypted, binding), salt);
  } else {
    bytes += kReadable;
    bytes += payload;
    bytes += SealOf(payload, binding);
  }
  return EncodeBase64Url(bytes);
}

std::optional<std::string> OpenEncrypted(std::string_view sealed, Binding binding) {
  std::optional<std::string> padded = DecryptToken(sealed, BoundTo(kEncrypted, binding));
  if (padded) padded->resize(padded->rfind(kEndOfPayload));
  return padded;
}

std::optional<std::string> OpenReadable(std::string_view sealed, Binding binding) {
  if (sealed.size() < kSealBytes) return std::nullopt;
  const std::string_view payload = sealed.substr(0, sealed.size() - kSealBytes);
  if (sealed.substr(payload.size()) != SealOf(payload, binding)) return std::nullopt;
  return std::string(payload);
}

}  // namespace

std::string SealToken(std::string_view payload, Binding binding) {
  return Seal(payload, binding, "");
}

std::string SealFreshToken(std::string_view payload, Binding binding) {
  thread_local absl::BitGen random;
  const auto salt = absl::Uniform<std::uint64_t>(random);
  return Seal(payload, binding, {reinterpret_cast<const char*>(&salt), sizeof(salt)});
}

std::optional<std::string> OpenToken(std::string_view token, Binding binding) {
  if (token.size() > kTokenCharactersMax) return std::nullopt;
  const std::optional<std::string> bytes = DecodeBase64Url(token);
  if (!bytes || bytes->empty()) return std::nullopt;
  const std::string_view sealed = std::string_view(*bytes).substr(1);
  const bool encrypted = HasTokenKeys();
  if (bytes->front() != (encrypted ? kEncrypted : kReadable)) return std::nullopt;
  return encrypted ? OpenEncrypted(sealed, binding) : OpenReadable(sealed, binding);
}

}  // namespace marginalia
