// The members of a JSON object that a caller sends, as texts, by name. Pure function, thread-safe.
#ifndef MARGINALIA_GATEWAY_API_JSON_MEMBERS_H_
#define MARGINALIA_GATEWAY_API_JSON_MEMBERS_H_

#include <cstddef>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace marginalia {

// How many texts an array may have; what is asked for takes fewer.
inline constexpr std::size_t kJsonTextsMax = 100;

// Those that are there. One of an object within is named with a dot: "comment.body", one of an
// array by its index: "mentions[0]". A number stands in decimal.
using JsonMembers = std::map<std::string, std::string, std::less<>>;

// Reads an object whose members may be those of `names`, and none twice; a byte order mark may
// stand in front. Each is a text; with "[]" behind its name an array of texts, with "#" a whole
// number. Errors: INVALID_ARGUMENT, naming the member, when one is unknown, doubled, of another
// type or no UTF-8, and reason JSON_INVALID when it is no JSON object.
absl::StatusOr<JsonMembers> ReadJsonMembers(std::string_view json,
                                            std::initializer_list<std::string_view> names);

// The texts of the array, in their order.
std::vector<std::string> TextsOf(const JsonMembers& members, std::string_view name);

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_API_JSON_MEMBERS_H_
