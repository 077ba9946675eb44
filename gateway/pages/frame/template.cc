#include "gateway/pages/frame/template.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "gateway/pages/frame/template_texts.h"

namespace marginalia {
namespace {

constexpr std::string_view kInclude = "{{>";
constexpr std::string_view kEndOfTag = "}}";
// Room for a page of 20 comments.
constexpr std::size_t kPageBytes = 48 * 1024;

[[noreturn]] void Refuse(std::string_view name, const std::string& why) {
  std::fprintf(stderr, "template \"%s\": %s\n", std::string(name).c_str(), why.c_str());
  std::abort();
}

std::string_view TextOf(std::string_view name) {
  for (const auto& [known, text] : TemplateTexts()) {
    if (known == name) return text;
  }
  Refuse(name, "there is no such file");
}

// The template's lines without their indentation, which no reader of the page sees, and with what
// it includes.
std::string Expand(std::string_view name) {
  std::string whole;
  std::string_view rest = TextOf(name);
  while (!rest.empty()) {
    std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    line.remove_prefix(std::min(line.size(), line.find_first_not_of(' ')));
    if (line.empty()) continue;
    if (line.substr(0, kInclude.size()) == kInclude) {
      whole += Expand(line.substr(kInclude.size(), line.find(kEndOfTag) - kInclude.size()));
    } else {
      whole += line;
      whole += '\n';
    }
  }
  return whole;
}

std::string_view ReferenceOf(char c) {
  switch (c) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '"':
      return "&quot;";
    case '\'':
      return "&apos;";
    default:
      // A browser would read a bare one as a line feed.
      return "&#13;";
  }
}

std::string Escape(const std::string& text) {
  constexpr std::string_view kSpecial = "&<>\"'\r";
  std::string escaped;
  escaped.reserve(text.size() + text.size() / 8);
  std::size_t at = 0;
  for (std::size_t special = text.find_first_of(kSpecial); special != text.npos;
       special = text.find_first_of(kSpecial, at)) {
    escaped.append(text, at, special - at);
    escaped += ReferenceOf(text[special]);
    at = special + 1;
  }
  return escaped.append(text, at);
}

}  // namespace

Template::Template(std::string_view name) : compiled_(Expand(name)) {
  if (!compiled_.is_valid()) Refuse(name, compiled_.error_message());
  compiled_.set_custom_escape(Escape);
}

std::string Template::Render(const PageData& data) const {
  std::string page;
  page.reserve(kPageBytes);
  compiled_.render(data, [&page](const std::string& piece) { page += piece; });
  return page;
}

}  // namespace marginalia
