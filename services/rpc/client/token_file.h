// The file that a process keeps its own bearer token in. Thread-safe.
#ifndef MARGINALIA_SERVICES_RPC_CLIENT_TOKEN_FILE_H_
#define MARGINALIA_SERVICES_RPC_CLIENT_TOKEN_FILE_H_

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"

namespace marginalia {

inline constexpr std::size_t kTokenFileBytesMax = 8 * 1024;

// The token, without the white space around it; empty when the file is not there or empty.
// INVALID_ARGUMENT, naming the file, when it holds anything else than one line of visible
// characters: gRPC ends a process that puts such a thing into metadata.
absl::StatusOr<std::string> ReadTokenFile(const std::string& path);

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_RPC_CLIENT_TOKEN_FILE_H_
