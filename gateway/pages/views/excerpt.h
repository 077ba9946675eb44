// The beginning of a comment, for lists. Pure function, thread-safe. gateway/web cuts at the same
// place: both pass tests/gateway/page_text_vectors.json.
#ifndef MARGINALIA_GATEWAY_PAGES_VIEWS_EXCERPT_H_
#define MARGINALIA_GATEWAY_PAGES_VIEWS_EXCERPT_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace marginalia {

inline constexpr std::size_t kExcerptCharactersMax = 140;

// The whole text, or so many characters of it and "…".
std::string Excerpt(std::string_view text);

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_PAGES_VIEWS_EXCERPT_H_
