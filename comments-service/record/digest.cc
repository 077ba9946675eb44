#include "comments-service/record/digest.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"

namespace marginalia {

std::optional<Digest> DigestFromBytes(std::string_view bytes) {
  if (bytes.size() != kDigestBytes) return std::nullopt;
  Digest digest;
  std::copy(bytes.begin(), bytes.end(), digest.begin());
  return digest;
}

std::string HexOf(const Digest& digest) {
  const std::string_view bytes = BytesOf(digest);
  return absl::BytesToHexString({bytes.data(), bytes.size()});
}

std::optional<Digest> DigestFromHex(std::string_view text) {
  const bool digits = std::all_of(text.begin(), text.end(), absl::ascii_isxdigit) &&
                      std::none_of(text.begin(), text.end(), absl::ascii_isupper);
  if (!digits || text.size() != 2 * kDigestBytes) return std::nullopt;
  return DigestFromBytes(absl::HexStringToBytes({text.data(), text.size()}));
}

std::string Base64Of(std::string_view bytes) {
  return absl::Base64Escape(absl::string_view(bytes.data(), bytes.size()));
}

std::optional<std::string> BytesFromBase64(std::string_view text) {
  std::string bytes;
  const bool decoded = absl::Base64Unescape(absl::string_view(text.data(), text.size()), &bytes);
  // The library forgives white space, missing padding and set bits behind the last byte.
  if (!decoded || Base64Of(bytes) != text) return std::nullopt;
  return bytes;
}

}  // namespace marginalia
