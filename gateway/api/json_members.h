// The members of a JSON object that a caller sends: texts, by name. Pure function, thread-safe.
#ifndef MARGINALIA_GATEWAY_API_JSON_MEMBERS_H_
#define MARGINALIA_GATEWAY_API_JSON_MEMBERS_H_

#include <initializer_list>
#include <map>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace marginalia {

// Those that are there. One of an object within is named with a dot: "comment.body".
using JsonMembers = std::map<std::string, std::string, std::less<>>;

// Reads an object whose members may be those of `names`, each a text, and none twice; a byte order
// mark may stand in front. Errors: INVALID_ARGUMENT, naming the member, when one is unknown,
// doubled, no string or no UTF-8, and reason JSON_INVALID when it is no JSON object.
absl::StatusOr<JsonMembers> ReadJsonMembers(std::string_view json,
                                            std::initializer_list<std::string_view> names);

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_API_JSON_MEMBERS_H_
