// Paging as AIP-158 has it, shared by every List RPC. Pure functions. Free of gRPC.
#ifndef MARGINALIA_SERVICES_TOKENS_PAGE_TOKEN_H_
#define MARGINALIA_SERVICES_TOKENS_PAGE_TOKEN_H_

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace marginalia {

inline constexpr int kPageSizeDefault = 20;
inline constexpr int kPageSizeMax = 100;

// 0: the default; above `max`: max. Errors: INVALID_ARGUMENT when negative.
absl::StatusOr<int> PageSize(std::int32_t requested, int max = kPageSizeMax);

// A page token around `cursor`, bound to its RPC and arguments (see sealed_token.h).
std::string MakePageToken(std::string_view cursor, std::initializer_list<std::string_view> binding);

// The cursor. Errors: INVALID_ARGUMENT, reason PAGE_TOKEN_INVALID; never a silent first page.
absl::StatusOr<std::string> ParsePageToken(std::string_view token,
                                           std::initializer_list<std::string_view> binding);

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_TOKENS_PAGE_TOKEN_H_
