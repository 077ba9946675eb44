#include "services/tokens/token_key_flag.h"

#include <string>

#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "services/process/config.h"
#include "services/process/log.h"
#include "services/tokens/token_keys.h"

ABSL_FLAG(
    std::string, token_key_path, "",
    "The keys that page and consistency tokens are sealed with, the same for all processes: a "
    "file that others cannot read with 64 hexadecimal digits a line; the first line seals, all "
    "open. Read "
    "again when it changes. Empty: a token's holder can read the position in it.");

namespace marginalia {

void SealTokensAsFlagged() {
  const std::string path = absl::GetFlag(FLAGS_token_key_path);
  const absl::Status used = UseTokenKeys(path);
  if (!used.ok()) ExitOnBadFlag("token_key_path", std::string(used.message()));
  if (path.empty()) {
    Log(Severity::kWarning,
        "page and consistency tokens are readable: whoever holds one can tell how much all tenants "
        "write; give every process the same --token_key_path");
  }
}

}  // namespace marginalia
