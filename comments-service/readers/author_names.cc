#include "comments-service/readers/author_names.h"

#include <algorithm>
#include <utility>

#include "services/text/lower_case.h"
#include "services/text/utf8.h"

namespace marginalia {
namespace {

std::string_view Cut(std::string_view text) {
  std::string_view rest = text;
  for (std::size_t i = 0; i < kAuthorPrefixCharactersMax && !rest.empty(); ++i) TakeCharacter(rest);
  return text.substr(0, text.size() - rest.size());
}

void AddKey(std::vector<std::string>& keys, std::string_view text) {
  std::string key(Cut(text));
  if (key.empty() || std::find(keys.begin(), keys.end(), key) != keys.end()) return;
  keys.push_back(std::move(key));
}

}  // namespace

std::vector<std::string> AuthorKeys(std::string_view user_id, std::string_view display_name) {
  std::vector<std::string> keys;
  AddKey(keys, LowerCase(user_id));
  const std::string name = LowerCase(display_name);
  for (std::size_t word = name.find_first_not_of(' ');
       word != name.npos && keys.size() < kAuthorKeysMax;) {
    AddKey(keys, std::string_view(name).substr(word));
    const std::size_t end = name.find(' ', word);
    word = end == name.npos ? end : name.find_first_not_of(' ', end);
  }
  return keys;
}

}  // namespace marginalia
