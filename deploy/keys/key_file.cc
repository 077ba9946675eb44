#include "deploy/keys/key_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

namespace marginalia {

std::string ReadKeyFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

absl::Status WriteKeyFile(const std::string& path, std::string_view content, mode_t mode,
                          IfThere if_there) {
  const std::string draft =
      path + "." + std::to_string(getpid()) + "-" + std::to_string(std::random_device{}());
  const int file = open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  bool written = file >= 0 && write(file, content.data(), content.size()) ==
                                  static_cast<ssize_t>(content.size());
  if (written) OwnLikeFolder(draft);
  written = written && fsync(file) == 0;
  if (file >= 0) close(file);
  if (if_there == IfThere::kReplace) {
    written = written && rename(draft.c_str(), path.c_str()) == 0;
  } else {
    written = written && (link(draft.c_str(), path.c_str()) == 0 || errno == EEXIST);
  }
  const int error = errno;
  unlink(draft.c_str());
  if (written) return absl::OkStatus();
  return absl::UnavailableError("cannot write " + path + ": " + std::strerror(error));
}

void OwnLikeFolder(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  struct stat owner {};
  if (stat(folder.empty() ? "." : folder.c_str(), &owner) != 0) return;
  // Only root may; whoever else makes it keeps it.
  const int ignored = chown(path.c_str(), owner.st_uid, owner.st_gid);
  static_cast<void>(ignored);
}

}  // namespace marginalia
