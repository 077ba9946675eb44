#include "tests/faults/endless_uploads.h"

#include <algorithm>

namespace marginalia {
namespace {

constexpr char kEndStream = 1;
constexpr char kEndHeaders = 4;
constexpr char kAcknowledgement = 1;
constexpr std::int64_t kFrameBytesMax = 16 * 1024;
constexpr std::size_t kFrameHeadBytes = 9;
constexpr std::uint32_t kInitialWindowSize = 4;

std::uint32_t NumberIn(std::string_view bytes) {
  std::uint32_t number = 0;
  for (const char byte : bytes) number = number << 8 | static_cast<unsigned char>(byte);
  return number;
}

}  // namespace

EndlessUploads::EndlessUploads(const std::string& address, std::string_view headers, int calls,
                               std::uint32_t declared, const char* from)
    : connection_(address, 0, from) {
  // Of a message: not compressed, and so long.
  std::string head(1, '\0');
  for (int shift = 24; shift >= 0; shift -= 8) head.push_back(static_cast<char>(declared >> shift));
  std::string opening = Http2Opening();
  for (int i = 0; i < calls; ++i) {
    const auto stream = static_cast<std::uint32_t>(2 * i + 1);
    opening += Frame(FrameType::kHeaders, headers, kEndHeaders, stream);
    opening += Frame(FrameType::kData, head, 0, stream);
    const auto head_bytes = static_cast<std::int64_t>(head.size());
    calls_[stream] = {.window = call_window_ - head_bytes, .left = std::int64_t{declared} - 1};
    window_ -= head_bytes;
  }
  connection_.Send(opening);
}

bool EndlessUploads::SendMore() {
  received_ += connection_.TakeReceived();
  TakeFrames();
  std::string frames;
  for (auto& [stream, call] : calls_) {
    const std::int64_t bytes = std::min({call.left, call.window, window_, kFrameBytesMax});
    if (bytes <= 0) continue;
    frames += Frame(FrameType::kData, std::string(static_cast<std::size_t>(bytes), 'x'), 0, stream);
    call.left -= bytes;
    call.window -= bytes;
    window_ -= bytes;
    sent_ += static_cast<std::uint64_t>(bytes);
  }
  if (!frames.empty()) return connection_.Send(frames);
  return !connection_.HasEnded();
}

void EndlessUploads::TakeFrames() {
  while (received_.size() >= kFrameHeadBytes) {
    const std::string_view head = received_;
    const std::size_t bytes = NumberIn(head.substr(0, 3));
    if (received_.size() < kFrameHeadBytes + bytes) return;
    TakeFrame(FrameType{head[3]}, head[4], NumberIn(head.substr(5, 4)),
              head.substr(kFrameHeadBytes, bytes));
    received_.erase(0, kFrameHeadBytes + bytes);
  }
}

void EndlessUploads::TakeFrame(FrameType type, char flags, std::uint32_t stream,
                               std::string_view payload) {
  const bool ends = type == FrameType::kHeaders && (flags & kEndStream) != 0;
  if (ends || type == FrameType::kReset) {
    calls_.erase(stream);
  } else if (type == FrameType::kWindowUpdate && stream == 0) {
    window_ += NumberIn(payload);
  } else if (type == FrameType::kWindowUpdate && calls_.contains(stream)) {
    calls_[stream].window += NumberIn(payload);
  } else if (type == FrameType::kPing && flags == 0) {
    connection_.Send(Frame(FrameType::kPing, payload, kAcknowledgement));
  } else if (type == FrameType::kSettings && flags == 0) {
    for (; payload.size() >= 6; payload.remove_prefix(6)) {
      if (NumberIn(payload.substr(0, 2)) != kInitialWindowSize) continue;
      const std::int64_t window = NumberIn(payload.substr(2, 4));
      for (auto& [id, call] : calls_) call.window += window - call_window_;
      call_window_ = window;
    }
    connection_.Send(Frame(FrameType::kSettings, "", kAcknowledgement));
  }
}

}  // namespace marginalia
