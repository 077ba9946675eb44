// What an author is found by: the beginnings of his id, of his name and of each word in it. Pure.
#ifndef MARGINALIA_COMMENTS_SERVICE_READERS_AUTHOR_NAMES_H_
#define MARGINALIA_COMMENTS_SERVICE_READERS_AUTHOR_NAMES_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace marginalia {

// Of a longer name the words behind these are not looked for.
inline constexpr std::size_t kAuthorKeysMax = 5;
inline constexpr std::size_t kAuthorPrefixCharactersMax = 64;

// 1 to kAuthorKeysMax different keys, each the rest of a name from the beginning of a word on, in
// lower case and cut to kAuthorPrefixCharactersMax characters.
std::vector<std::string> AuthorKeys(std::string_view user_id, std::string_view display_name);

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_READERS_AUTHOR_NAMES_H_
