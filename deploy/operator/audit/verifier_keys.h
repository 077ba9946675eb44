// The keys that verify checkpoints, and small files as a whole, as the commands' flags give them.
#ifndef MARGINALIA_DEPLOY_OPERATOR_AUDIT_VERIFIER_KEYS_H_
#define MARGINALIA_DEPLOY_OPERATOR_AUDIT_VERIFIER_KEYS_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "comments-service/record/signed_note.h"

namespace marginalia {

inline constexpr std::string_view kKeyFlag = "key";

// What --key says: a key, or a file that holds some, one a line. INVALID_ARGUMENT when it will not
// do.
absl::StatusOr<std::vector<VerifierKey>> KeysFromFlag();

// The whole of the file that the flag `flag` names; "-" is stdin. INVALID_ARGUMENT when it has more
// than `bytes_max` bytes.
absl::StatusOr<std::string> ReadFileOf(std::string_view flag, const std::string& path,
                                       std::size_t bytes_max);

}  // namespace marginalia

#endif  // MARGINALIA_DEPLOY_OPERATOR_AUDIT_VERIFIER_KEYS_H_
