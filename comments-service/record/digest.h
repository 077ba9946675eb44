// The two ways in which SHA-256 digests are written down. Pure functions, thread-safe.
#ifndef MARGINALIA_COMMENTS_SERVICE_RECORD_DIGEST_H_
#define MARGINALIA_COMMENTS_SERVICE_RECORD_DIGEST_H_

#include <optional>
#include <string>
#include <string_view>

#include "services/text/framed_hash.h"

namespace marginalia {

// Nothing unless there are 32.
std::optional<Digest> DigestFromBytes(std::string_view bytes);

// As 64 hexadecimal digits in lower case, and back from nothing else.
std::string HexOf(const Digest& digest);
std::optional<Digest> DigestFromHex(std::string_view text);

// As base64 (RFC 4648, section 4), with padding, and back from nothing else.
std::string Base64Of(std::string_view bytes);
std::optional<std::string> BytesFromBase64(std::string_view text);

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_RECORD_DIGEST_H_
