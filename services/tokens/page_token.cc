#include "services/tokens/page_token.h"

#include <algorithm>
#include <optional>

#include "services/errors/errors.h"
#include "services/tokens/sealed_token.h"

namespace marginalia {

absl::StatusOr<int> PageSize(std::int32_t requested, int max) {
  if (requested < 0) return InvalidField("page_size", "must not be negative");
  if (requested == 0) return std::min(kPageSizeDefault, max);
  return std::min<int>(requested, max);
}

std::string MakePageToken(std::string_view cursor,
                          std::initializer_list<std::string_view> binding) {
  return SealToken(cursor, binding);
}

absl::StatusOr<std::string> ParsePageToken(std::string_view token,
                                           std::initializer_list<std::string_view> binding) {
  std::optional<std::string> cursor = OpenToken(token, binding);
  if (cursor) return *std::move(cursor);
  return InvalidField("page_token",
                      "must be a token of an earlier answer to the same request, unaltered; leave "
                      "it empty to start anew",
                      "PAGE_TOKEN_INVALID");
}

}  // namespace marginalia
