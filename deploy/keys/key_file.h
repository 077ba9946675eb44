// One file of a key directory: read whole, written whole or not at all.
#ifndef MARGINALIA_DEPLOY_KEYS_KEY_FILE_H_
#define MARGINALIA_DEPLOY_KEYS_KEY_FILE_H_

#include <sys/types.h>

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace marginalia {

// The whole file; "" when it is not there or cannot be read.
std::string ReadKeyFile(const std::string& path);

enum class IfThere { kKeep, kReplace };
// Whoever reads the file meanwhile, or after a power cut, sees the old content or the new one. Of
// several processes that make one file with kKeep, the first one's content stays. UNAVAILABLE names
// the path.
absl::Status WriteKeyFile(const std::string& path, std::string_view content, mode_t mode,
                          IfThere if_there);

// Gives `path` the owner of the folder that it is in, as far as this process may: what root makes
// must not be in the way of the service whose folder it is. WriteKeyFile does so itself.
void OwnLikeFolder(const std::string& path);

}  // namespace marginalia

#endif  // MARGINALIA_DEPLOY_KEYS_KEY_FILE_H_
