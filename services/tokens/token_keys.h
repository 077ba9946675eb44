// The keys that this process seals its tokens with, shared by all processes of an installation: a
// file of one or more lines, each 64 hexadecimal digits (32 random bytes). The first line seals,
// all open, so that keys change without a token being refused: the new key comes behind the old one
// everywhere first, then in front of it, and the old one goes when its tokens are no longer used.
// The file is read again when it changes, looked at once a second. Thread-safe.
#ifndef MARGINALIA_SERVICES_TOKENS_TOKEN_KEYS_H_
#define MARGINALIA_SERVICES_TOKENS_TOKEN_KEYS_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace marginalia {

inline constexpr std::size_t kTokenKeysMax = 8;

// The keys of a file. Errors: what is wrong with it, its path in front. Others than its owner and
// group must not be able to read it.
absl::StatusOr<std::vector<std::string>> ReadTokenKeys(const std::string& path);

// From here on this process seals with the keys of this file; "" takes them away again.
absl::Status UseTokenKeys(const std::string& path);

// Whether it has keys. Without them a token can be read by whoever holds it.
bool HasTokenKeys();

// Encrypts with the first key (AES-256-GCM). The nonce comes from a keyed hash of all that goes in:
// the same gives the same, and no two different texts meet under one nonce. `salt` is a part of
// that and of nothing else. Only with keys.
std::string EncryptToken(std::string_view plain, std::string_view bound, std::string_view salt);

// The text again, or nothing when no key opens it.
std::optional<std::string> DecryptToken(std::string_view sealed, std::string_view bound);

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_TOKENS_TOKEN_KEYS_H_
