// The file that a process keeps its own bearer token in. Thread-safe.
#ifndef MARGINALIA_SERVICES_RPC_CLIENT_TOKEN_FILE_H_
#define MARGINALIA_SERVICES_RPC_CLIENT_TOKEN_FILE_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace marginalia {

inline constexpr std::size_t kTokenFileBytesMax = 8 * 1024;

// The token, without the white space around it; empty when the file is not there or empty.
// INVALID_ARGUMENT, naming the file, when it holds anything else than one line of visible
// characters: gRPC ends a process that puts such a thing into metadata.
absl::StatusOr<std::string> ReadTokenFile(const std::string& path);

// What the token itself says of its end, in the claim exp; nothing when it does not. Whoever takes
// the token checks that it is true.
std::optional<absl::Time> ExpiryOf(std::string_view token);

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_RPC_CLIENT_TOKEN_FILE_H_
