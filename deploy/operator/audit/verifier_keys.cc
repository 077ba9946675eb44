#include "deploy/operator/audit/verifier_keys.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "deploy/operator/unfinished_file.h"

ABSL_FLAG(
    std::string, key, "",
    "Required where a checkpoint is verified. The verifier's key, NAME+ID+KEY, or a file that "
    "holds such keys, one a line: keys/checkpoint.vkey of the deployment that signed.");

namespace marginalia {
namespace {

constexpr std::size_t kReadBytes = 256 * 1024;

}  // namespace

absl::StatusOr<std::vector<VerifierKey>> KeysFromFlag() {
  const std::string value = absl::GetFlag(FLAGS_key);
  if (value.empty()) return absl::InvalidArgumentError("--key is required");
  std::string text = value;
  const absl::Status as_key = VerifierKey::Parse(value).status();
  if (!as_key.ok()) {
    if (access(value.c_str(), R_OK) != 0) {
      return absl::InvalidArgumentError(absl::StrCat(
          "--key: neither a file that can be read, nor a key: ", std::string(as_key.message())));
    }
    const absl::StatusOr<std::string> read = ReadFileOf(kKeyFlag, value, kNoteBytesMax);
    if (!read.ok()) return read.status();
    text = *read;
  }
  absl::StatusOr<std::vector<VerifierKey>> keys = ParseVerifierKeys(text);
  if (keys.ok()) return keys;
  return absl::InvalidArgumentError(
      absl::StrCat("--key: ", value, ": ", std::string(keys.status().message())));
}

absl::StatusOr<std::string> ReadFileOf(std::string_view flag, const std::string& path,
                                       std::size_t bytes_max) {
  const int descriptor = path == "-" ? STDIN_FILENO : open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return FileFailure("open", path, errno);
  std::string text;
  absl::Status status;
  while (status.ok()) {
    const std::size_t before = text.size();
    text.resize(before + kReadBytes);
    const ssize_t count = read(descriptor, text.data() + before, kReadBytes);
    text.resize(before + static_cast<std::size_t>(count > 0 ? count : 0));
    if (count == 0) break;
    if (count < 0 && errno != EINTR) status = FileFailure("read", path, errno);
    if (text.size() > bytes_max) {
      status = absl::InvalidArgumentError(absl::StrCat("--", std::string(flag), ": ", path,
                                                       " is longer than ", bytes_max, " bytes"));
    }
  }
  if (descriptor != STDIN_FILENO) close(descriptor);
  if (!status.ok()) return status;
  return text;
}

}  // namespace marginalia
