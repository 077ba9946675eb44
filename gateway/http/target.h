// The target of a request, decoded strictly: what could be read in two ways is refused. Pure
// functions, thread-safe.
#ifndef MARGINALIA_GATEWAY_HTTP_TARGET_H_
#define MARGINALIA_GATEWAY_HTTP_TARGET_H_

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace marginalia {

struct RequestTarget {
  // Still encoded; starts with '/'.
  std::string_view path;
  // Still encoded, without the '?'.
  std::string_view query;
};

// Takes origin-form ("/path?query") and absolute-form ("http://host/path?query") apart.
// Errors: INVALID_ARGUMENT, reason TARGET_INVALID.
absl::StatusOr<RequestTarget> SplitTarget(std::string_view target);

// Percent-decodes one path segment or query value. Nothing when an escape is incomplete, or when
// the result is not valid UTF-8 or holds a control character.
std::optional<std::string> PercentDecode(std::string_view encoded);

// The value of a parameter; nothing when it is absent. Errors: INVALID_ARGUMENT about `name` when
// it is there twice or badly encoded.
absl::StatusOr<std::optional<std::string>> QueryParameter(std::string_view query,
                                                          std::string_view name);

// The same with "" for an absent one.
absl::StatusOr<std::string> QueryText(std::string_view query, std::string_view name);

// The parameter `limit`: a whole number from 1, lowered to kPageSizeMax; absent: kPageSizeDefault.
// Errors: INVALID_ARGUMENT about `limit`.
absl::StatusOr<int> QueryLimit(std::string_view query);

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_HTTP_TARGET_H_
