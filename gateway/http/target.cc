#include "gateway/http/target.h"

#include <algorithm>
#include <charconv>

#include "absl/strings/ascii.h"
#include "gateway/http/percent_encoding.h"
#include "services/errors/errors.h"
#include "services/text/utf8.h"
#include "services/tokens/page_token.h"

namespace marginalia {
namespace {

// More digits than this are above every limit.
constexpr std::size_t kLimitDigitsMax = 9;

bool HasControlCharacter(std::string_view text) {
  return std::any_of(text.begin(), text.end(), absl::ascii_iscntrl);
}

absl::Status TargetInvalid(std::string_view message) {
  return Refusal(absl::StatusCode::kInvalidArgument, "TARGET_INVALID", message);
}

}  // namespace

absl::StatusOr<RequestTarget> SplitTarget(std::string_view target) {
  bool absolute = false;
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (target.substr(0, scheme.size()) != scheme) continue;
    target.remove_prefix(std::min(target.size(), target.find_first_of("/?#", scheme.size())));
    absolute = true;
  }
  const std::size_t question = std::min(target.size(), target.find('?'));
  RequestTarget split{target.substr(0, question),
                      target.substr(std::min(target.size(), question + 1))};
  if (absolute && split.path.empty()) split.path = "/";
  if (split.path.empty() || split.path.front() != '/' || target.find('#') != target.npos) {
    return TargetInvalid("the request target must be a path, optionally with a query");
  }
  return split;
}

std::optional<std::string> PercentDecode(std::string_view encoded) {
  std::optional<std::string> decoded = PercentDecodeBytes(encoded);
  if (!decoded || HasControlCharacter(*decoded) || !IsValidUtf8(*decoded)) return std::nullopt;
  return decoded;
}

absl::StatusOr<std::optional<std::string>> QueryParameter(std::string_view query,
                                                          std::string_view name) {
  std::optional<std::string> value;
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    const std::string_view key = pair.substr(0, pair.find('='));
    if (key != name) continue;
    if (value) return InvalidField(name, "must be there once at most");
    value = PercentDecode(pair.substr(std::min(pair.size(), key.size() + 1)));
    if (!value) return InvalidField(name, "must be percent-encoded UTF-8");
  }
  return value;
}

absl::StatusOr<std::string> QueryText(std::string_view query, std::string_view name) {
  auto value = QueryParameter(query, name);
  if (!value.ok()) return value.status();
  return std::move(*value).value_or("");
}

absl::StatusOr<int> QueryLimit(std::string_view query) {
  const auto value = QueryParameter(query, "limit");
  if (!value.ok()) return value.status();
  if (!*value) return kPageSizeDefault;
  const std::string& digits = **value;
  const bool number =
      !digits.empty() && std::all_of(digits.begin(), digits.end(), absl::ascii_isdigit);
  if (number && digits.size() > kLimitDigitsMax) return kPageSizeMax;
  int limit = 0;
  if (number) std::from_chars(digits.data(), digits.data() + digits.size(), limit);
  if (limit < 1) return InvalidField("limit", "must be a whole number from 1");
  return std::min(limit, kPageSizeMax);
}

}  // namespace marginalia
