#include "services/process/file_stamp.h"

#include <sys/stat.h>

namespace marginalia {

std::vector<FileStamp> StampsOf(const std::vector<std::string>& paths) {
  std::vector<FileStamp> stamps;
  for (const std::string& path : paths) {
    struct stat info {};
    if (stat(path.c_str(), &info) != 0) continue;
    stamps.emplace_back(path, info.st_mtim.tv_sec * 1'000'000'000 + info.st_mtim.tv_nsec,
                        info.st_size, info.st_ino, info.st_mode);
  }
  return stamps;
}

}  // namespace marginalia
