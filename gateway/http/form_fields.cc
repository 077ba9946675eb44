#include "gateway/http/form_fields.h"

#include <algorithm>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "gateway/http/percent_encoding.h"
#include "services/errors/errors.h"
#include "services/text/utf8.h"

namespace marginalia {
namespace {

// Unlike a value in a target, one in a form may hold any character.
std::optional<std::string> Decode(std::string_view encoded) {
  const std::optional<std::string> text = PercentDecodeBytes(
      absl::StrReplaceAll(absl::string_view(encoded.data(), encoded.size()), {{"+", " "}}));
  if (!text || !IsValidUtf8(*text)) return std::nullopt;
  return absl::StrReplaceAll(*text, {{"\r\n", "\n"}});
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
