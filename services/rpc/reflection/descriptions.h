// What reflection tells of the contract: the files that describe what this process was built with.
// Pure functions, thread-safe.
#ifndef MARGINALIA_SERVICES_RPC_REFLECTION_DESCRIPTIONS_H_
#define MARGINALIA_SERVICES_RPC_REFLECTION_DESCRIPTIONS_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace marginalia {

// Encoded FileDescriptorProtos, which stay for as long as the process: of the file that was asked
// for, then of all that it imports. Each fails with NOT_FOUND.
using DescribedFiles = std::vector<std::string_view>;
absl::StatusOr<DescribedFiles> FilesOfFile(const std::string& name);
absl::StatusOr<DescribedFiles> FilesOfSymbol(const std::string& full_name);
absl::StatusOr<DescribedFiles> FilesOfExtension(const std::string& message, int number);

// The numbers of all extensions of a message.
absl::StatusOr<std::vector<int>> ExtensionNumbersOf(const std::string& message);

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_RPC_REFLECTION_DESCRIPTIONS_H_
