// UUIDs (RFC 9562) as text: read, and made. Thread-safe.
#ifndef MARGINALIA_SERVICES_TEXT_UUID_H_
#define MARGINALIA_SERVICES_TEXT_UUID_H_

#include <optional>
#include <string>
#include <string_view>

#include "absl/time/time.h"

namespace marginalia {

// A UUID of any version in the form of section 4, in upper or lower case.
bool IsUuid(std::string_view text);

// The same in lower case; nothing when it is none.
std::optional<std::string> CanonicalUuid(std::string_view text);

// Whether a canonical one is the nil or the max UUID (5.9, 5.10): whoever sends one for something
// new has forgotten his id, and would meet everybody who has.
bool IsNilOrMaxUuid(std::string_view canonical);

// A fresh UUIDv7 (5.7): made one after the other they land on neighbouring pages of an index.
std::string NewUuid(absl::Time now);

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_TEXT_UUID_H_
