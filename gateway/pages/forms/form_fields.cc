#include "gateway/pages/forms/form_fields.h"

#include <algorithm>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "services/errors/errors.h"
#include "services/text/utf8.h"

namespace marginalia {
namespace {

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = absl::ascii_tolower(static_cast<unsigned char>(c));
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// Unlike a value in a target, one in a form may hold any character.
std::optional<std::string> Decode(std::string_view encoded) {
  std::string text;
  text.reserve(encoded.size());
  for (std::size_t i = 0; i < encoded.size(); ++i) {
    if (encoded[i] != '%') {
      text += encoded[i] == '+' ? ' ' : encoded[i];
      continue;
    }
    if (i + 2 >= encoded.size()) return std::nullopt;
    const int high = HexValue(encoded[i + 1]);
    const int low = HexValue(encoded[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    text += static_cast<char>(high << 4 | low);
    i += 2;
  }
  if (!IsValidUtf8(text)) return std::nullopt;
  return absl::StrReplaceAll(text, {{"\r\n", "\n"}});
}

}  // namespace

bool IsForm(const HttpRequest& request) {
  const std::string_view type = request.Header("content-type");
  const absl::string_view name(type.data(), std::min(type.size(), type.find(';')));
  return absl::EqualsIgnoreCase(absl::StripAsciiWhitespace(name),
                                "application/x-www-form-urlencoded");
}

absl::StatusOr<std::string> FormField(std::string_view form, std::string_view name) {
  std::optional<std::string> value;
  while (!form.empty()) {
    const std::string_view pair = form.substr(0, form.find('&'));
    form.remove_prefix(std::min(form.size(), pair.size() + 1));
    const std::string_view key = pair.substr(0, pair.find('='));
    if (key != name) continue;
    if (value) return InvalidField(name, "must be there once at most");
    value = Decode(pair.substr(std::min(pair.size(), key.size() + 1)));
    if (!value) return InvalidField(name, "must be percent-encoded UTF-8");
  }
  return std::move(value).value_or("");
}

}  // namespace marginalia
