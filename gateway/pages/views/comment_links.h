// The links in a comment's text. Pure function, thread-safe. gateway/web finds the same ones: both
// pass tests/gateway/page_text_vectors.json.
#ifndef MARGINALIA_GATEWAY_PAGES_VIEWS_COMMENT_LINKS_H_
#define MARGINALIA_GATEWAY_PAGES_VIEWS_COMMENT_LINKS_H_

#include <string_view>
#include <vector>

namespace marginalia {

// A stretch of a text: a link, whose text is its address, or what stands between links.
struct TextPart {
  std::string_view text;
  bool is_link = false;
};

// The parts of `text`, which must outlive them; together they are the text. A link begins with
// http:// or https://, whatever the case, and with nothing else; it ends before white space, '<',
// '>', '"' and characters that cannot be seen or change the direction of writing. Punctuation at
// its end, and closing brackets that it did not open, belong to the sentence around it.
std::vector<TextPart> FindLinks(std::string_view text);

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_PAGES_VIEWS_COMMENT_LINKS_H_
