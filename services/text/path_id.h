// The one rule for an id that another system chose and that stands in addresses, percent-encoded
// where a URL asks for it: an invoice's number, or its id in another invoicing system. Pure,
// thread-safe.
#ifndef MARGINALIA_SERVICES_TEXT_PATH_ID_H_
#define MARGINALIA_SERVICES_TEXT_PATH_ID_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace marginalia {

// Letters, digits and . _ : / - of ASCII, at most so many. No part between slashes is empty, "." or
// "..": on its way through browsers and proxies (RFC 3986, 5.2.4) that would become another
// address. What is wrong with `id`, as the end of the sentence "<field> …"; empty when nothing is.
std::string FaultOfPathId(std::string_view id, std::size_t characters_max);

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_TEXT_PATH_ID_H_
