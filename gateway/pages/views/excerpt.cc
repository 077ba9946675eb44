#include "gateway/pages/views/excerpt.h"

#include "services/text/utf8.h"

namespace marginalia {

std::string Excerpt(std::string_view text) {
  std::string_view rest = text;
  for (std::size_t i = 0; i < kExcerptCharactersMax && !rest.empty(); ++i) TakeCharacter(rest);
  if (rest.empty()) return std::string(text);
  return std::string(text.substr(0, text.size() - rest.size())) + "…";
}

}  // namespace marginalia
