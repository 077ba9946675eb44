#include "deploy/operator/audit/line_reader.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "deploy/operator/unfinished_file.h"

namespace marginalia {

LineReader::LineReader(std::string path, int descriptor, std::size_t line_bytes_max)
    : path_(std::move(path)), descriptor_(descriptor), buffer_(line_bytes_max + 1) {}

LineReader::~LineReader() {
  if (descriptor_ != STDIN_FILENO) close(descriptor_);
}

absl::StatusOr<std::unique_ptr<LineReader>> LineReader::Open(const std::string& path,
                                                             std::size_t line_bytes_max) {
  const int descriptor = path == "-" ? STDIN_FILENO : open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return FileFailure("open", path, errno);
  return std::unique_ptr<LineReader>(new LineReader(path, descriptor, line_bytes_max));
}

bool LineReader::Fill() {
  std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
  end_ -= begin_;
  begin_ = 0;
  while (true) {
    const ssize_t count = read(descriptor_, buffer_.data() + end_, buffer_.size() - end_);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) status_ = FileFailure("read", path_, errno);
    if (count <= 0) return false;
    end_ += static_cast<std::size_t>(count);
    return true;
  }
}

bool LineReader::Next() {
  if (!status_.ok()) return false;
  ++number_;
  std::size_t searched = 0;
  while (true) {
    const char* start = buffer_.data() + begin_;
    const auto* found =
        static_cast<const char*>(std::memchr(start + searched, '\n', end_ - begin_ - searched));
    if (found != nullptr) {
      line_ = {start, static_cast<std::size_t>(found - start)};
      begin_ += line_.size() + 1;
      return true;
    }
    searched = end_ - begin_;
    if (searched == buffer_.size()) {
      status_ = absl::DataLossError(absl::StrCat(path_, ", line ", number_, ": it is longer than ",
                                                 buffer_.size() - 1, " bytes"));
      return false;
    }
    if (Fill()) continue;
    if (status_.ok() && searched > 0) {
      status_ = absl::DataLossError(
          absl::StrCat(path_, ", line ", number_, ": the file breaks off in it"));
    }
    return false;
  }
}

}  // namespace marginalia
