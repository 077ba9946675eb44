#include "gateway/pages/views/comment_links.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/match.h"
#include "services/text/utf8.h"

namespace marginalia {
namespace {

constexpr std::string_view kSchemes[] = {"https://", "http://"};
constexpr std::string_view kPunctuation = ".,;:!?'";
constexpr std::string_view kOpening = "([{";
constexpr std::string_view kClosing = ")]}";

// White space as ECMAScript has it, control characters, and what turns the direction of writing, by
// which one address could be made to look like another.
bool EndsLink(char32_t c) {
  return c <= U' ' || (c >= 0x7F && c <= 0xA0) || c == U'<' || c == U'>' || c == U'"' ||
         c == 0x061C || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x200E || c == 0x200F ||
         (c >= 0x2028 && c <= 0x202F) || c == 0x205F || (c >= 0x2066 && c <= 0x2069) ||
         c == 0x3000 || c == 0xFEFF;
}

// The length of the scheme at the front, "://" included; 0: there is none.
std::size_t SchemeBytes(std::string_view text) {
  for (const std::string_view scheme : kSchemes) {
    if (absl::StartsWithIgnoreCase({text.data(), text.size()}, {scheme.data(), scheme.size()})) {
      return scheme.size();
    }
  }
  return 0;
}

std::size_t BytesUpToEnd(std::string_view text) {
  std::string_view rest = text;
  while (!rest.empty()) {
    std::string_view after = rest;
    if (EndsLink(TakeCharacter(after))) break;
    rest = after;
  }
  return text.size() - rest.size();
}

// Takes off what belongs to the sentence around the link.
std::string_view WithoutTail(std::string_view link) {
  const auto count = [&link](char c) { return std::count(link.begin(), link.end(), c); };
  while (!link.empty()) {
    const char last = link.back();
    const std::size_t bracket = kClosing.find(last);
    const bool belongs = bracket != kClosing.npos ? count(last) <= count(kOpening[bracket])
                                                  : kPunctuation.find(last) == kPunctuation.npos;
    if (belongs) break;
    link.remove_suffix(1);
  }
  return link;
}

}  // namespace

std::vector<TextPart> FindLinks(std::string_view text) {
  std::vector<TextPart> parts;
  std::size_t plain = 0;  // where what is no link begins
  std::size_t at = 0;
  const auto add_plain = [&](std::size_t end) {
    if (end > plain) parts.push_back({text.substr(plain, end - plain), false});
  };
  while ((at = text.find_first_of("hH", at)) != text.npos) {
    const std::size_t scheme = SchemeBytes(text.substr(at));
    if (scheme == 0) {
      ++at;
      continue;
    }
    const std::string_view candidate = text.substr(at, BytesUpToEnd(text.substr(at)));
    const std::string_view link = WithoutTail(candidate);
    if (link.size() > scheme) {
      add_plain(at);
      parts.push_back({link, true});
      plain = at + link.size();
    }
    at += candidate.size();
  }
  add_plain(text.size());
  return parts;
}

}  // namespace marginalia
