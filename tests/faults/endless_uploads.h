// A client of HTTP/2 that begins calls whose messages are to be long, sends of each as much as the
// server lets it, and never the last byte. Used by one thread.
#ifndef MARGINALIA_TESTS_FAULTS_ENDLESS_UPLOADS_H_
#define MARGINALIA_TESTS_FAULTS_ENDLESS_UPLOADS_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "tests/gateway/raw_connection.h"
#include "tests/support/http2_frames.h"

namespace marginalia {

class EndlessUploads {
 public:
  // Begins `calls` calls of `headers`, each with a message that says it has `declared` bytes.
  EndlessUploads(const std::string& address, std::string_view headers, int calls,
                 std::uint32_t declared, const char* from);

  // Sends what the server lets it send now. False once the server has ended the connection.
  bool SendMore();
  // Of messages.
  std::uint64_t sent() const { return sent_; }

 private:
  struct Call {
    std::int64_t window = 0;
    std::int64_t left = 0;
  };

  void TakeFrames();
  void TakeFrame(FrameType type, char flags, std::uint32_t stream, std::string_view payload);

  RawConnection connection_;
  std::map<std::uint32_t, Call> calls_;
  std::string received_;
  std::int64_t window_ = 65'535;
  std::int64_t call_window_ = 65'535;
  std::uint64_t sent_ = 0;
};

}  // namespace marginalia

#endif  // MARGINALIA_TESTS_FAULTS_ENDLESS_UPLOADS_H_
