// Percent-encoding (RFC 3986, 2.1). Boost.URL is not used for it: it refuses what browsers leave as
// it is, such as "|" in a path. Pure functions, thread-safe.
#ifndef MARGINALIA_GATEWAY_HTTP_PERCENT_ENCODING_H_
#define MARGINALIA_GATEWAY_HTTP_PERCENT_ENCODING_H_

#include <optional>
#include <string>
#include <string_view>

namespace marginalia {

// Letters, digits, '-', '.', '_' and '~': what stands for itself everywhere in an address.
bool IsUnreserved(char c);

// As one segment of a path, or one value of a query.
std::string PercentEncode(std::string_view text);

// The bytes, whatever they are. Nothing when an escape is incomplete.
std::optional<std::string> PercentDecodeBytes(std::string_view encoded);

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_HTTP_PERCENT_ENCODING_H_
