// A temporary directory that is removed, with all that is in it, when its owner goes.
#ifndef MARGINALIA_TESTS_SUPPORT_TEMP_DIR_H_
#define MARGINALIA_TESTS_SUPPORT_TEMP_DIR_H_

#include <filesystem>
#include <string>
#include <string_view>

namespace marginalia {

class TempDir {
 public:
  // Where temporary files belong on this machine.
  TempDir();
  explicit TempDir(const std::filesystem::path& parent);
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  const std::filesystem::path& path() const { return path_; }
  // The path of a file in it; the file need not exist.
  std::string File(std::string_view name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

}  // namespace marginalia

#endif  // MARGINALIA_TESTS_SUPPORT_TEMP_DIR_H_
