// The members of a JSON object that a caller sends, by name. Pure function, thread-safe.
#ifndef MARGINALIA_GATEWAY_API_JSON_MEMBERS_H_
#define MARGINALIA_GATEWAY_API_JSON_MEMBERS_H_

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace marginalia {

// How many texts an array may have; what is asked for takes fewer.
inline constexpr std::size_t kJsonTextsMax = 100;

struct JsonMember {
  enum class Kind { kText, kTexts, kWholeNumber };

  // A text is told by its name alone.
  JsonMember(const char* name, Kind kind = Kind::kText) : name(name), kind(kind) {}

  // One of an object within is named with a dot: "comment.body".
  std::string_view name;
  Kind kind;
};

// Those that are there, by name.
struct JsonMembers {
  std::map<std::string, std::string, std::less<>> texts;
  std::map<std::string, std::vector<std::string>, std::less<>> text_arrays;
  std::map<std::string, std::int64_t, std::less<>> numbers;
  // The objects within, those that have no member, too.
  std::set<std::string, std::less<>> objects;

  // The value, which is there no longer; empty when it never was.
  std::string TakeText(std::string_view name);
  std::vector<std::string> TakeTexts(std::string_view name);
};

// Reads an object whose members may be `known`, and none twice; a byte order mark may stand in
// front. Errors: INVALID_ARGUMENT, naming the member, when one is unknown, doubled, of another kind
// or no UTF-8, and reason JSON_INVALID when it is no JSON object. An element of an array is named
// by its index: "mentions[0]".
absl::StatusOr<JsonMembers> ReadJsonMembers(std::string_view json,
                                            std::initializer_list<JsonMember> known);

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_API_JSON_MEMBERS_H_
