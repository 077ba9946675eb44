// The lines of a file or of stdin, one at a time, however long the file is. Used by one thread.
#ifndef MARGINALIA_DEPLOY_OPERATOR_AUDIT_LINE_READER_H_
#define MARGINALIA_DEPLOY_OPERATOR_AUDIT_LINE_READER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace marginalia {

class LineReader {
 public:
  // `path` may be -, for stdin. A line may have up to `line_bytes_max` bytes.
  static absl::StatusOr<std::unique_ptr<LineReader>> Open(const std::string& path,
                                                          std::size_t line_bytes_max);
  ~LineReader();
  LineReader(const LineReader&) = delete;
  LineReader& operator=(const LineReader&) = delete;

  // Goes to the first or next line. False at the end, and when status() says what failed: DATA_LOSS
  // for a line that is too long or that the file breaks off in.
  bool Next();
  const absl::Status& status() const { return status_; }
  // Without its end; valid until the next call of Next.
  std::string_view line() const { return line_; }
  // Of the line at hand, from 1 on.
  std::int64_t number() const { return number_; }

 private:
  LineReader(std::string path, int descriptor, std::size_t line_bytes_max);
  // Reads more behind what is there. False at the end of the file or on failure.
  bool Fill();

  const std::string path_;
  const int descriptor_;
  std::vector<char> buffer_;  // one line at its longest, and its end
  std::size_t begin_ = 0;     // of what has not been handed out
  std::size_t end_ = 0;
  std::string_view line_;
  std::int64_t number_ = 0;
  absl::Status status_;
};

}  // namespace marginalia

#endif  // MARGINALIA_DEPLOY_OPERATOR_AUDIT_LINE_READER_H_
