#include "tests/support/http2_frames.h"

#include <cstddef>

namespace marginalia {
namespace {

constexpr char kEndStream = 1;
constexpr char kEndHeaders = 4;
constexpr std::uint32_t kCancel = 8;

std::string BigEndian(std::uint32_t number, int bytes) {
  std::string text;
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
    text.push_back(static_cast<char>(number >> shift));
  }
  return text;
}

// A text without Huffman coding, shorter than 32 KiB (RFC 7541, 5.1 and 5.2).
std::string HpackText(std::string_view text) {
  std::string coded;
  std::size_t length = text.size();
  if (length < 127) {
    coded.push_back(static_cast<char>(length));
  } else {
    coded.push_back(127);
    for (length -= 127; length >= 128; length /= 128) {
      coded.push_back(static_cast<char>(length % 128 + 128));
    }
    coded.push_back(static_cast<char>(length));
  }
  return coded.append(text);
}

// A field that nobody remembers (RFC 7541, 6.2.2).
std::string HpackField(std::string_view name, std::string_view value) {
  return std::string(1, '\0') + HpackText(name) + HpackText(value);
}

}  // namespace

std::string Frame(FrameType type, std::string_view payload, char flags, std::uint32_t stream) {
  std::string frame = BigEndian(static_cast<std::uint32_t>(payload.size()), 3);
  frame += {static_cast<char>(type), flags};
  return frame.append(BigEndian(stream, 4)).append(payload);
}

std::string Http2Opening() {
  return "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + Frame(FrameType::kSettings, "");
}

std::string GrpcHeaders(std::string_view method, std::string_view token) {
  return HpackField(":method", "POST") + HpackField(":scheme", "http") +
         HpackField(":path", method) + HpackField(":authority", "localhost") +
         HpackField("te", "trailers") + HpackField("content-type", "application/grpc") +
         HpackField("authorization", "Bearer " + std::string(token));
}

std::string GrpcCall(std::string_view method, std::string_view message, std::string_view encoding) {
  std::string headers = GrpcHeaders(method, "");
  if (!encoding.empty()) headers += HpackField("grpc-encoding", encoding);
  const std::string prefixed = std::string(1, encoding.empty() ? 0 : 1) +
                               BigEndian(static_cast<std::uint32_t>(message.size()), 4) +
                               std::string(message);
  return Http2Opening() + Frame(FrameType::kHeaders, headers, kEndHeaders, 1) +
         Frame(FrameType::kData, prefixed, kEndStream, 1);
}

std::string ResetCall(std::string_view headers, int number) {
  const auto stream = static_cast<std::uint32_t>(2 * number + 1);
  return Frame(FrameType::kHeaders, headers, kEndHeaders, stream) +
         Frame(FrameType::kReset, BigEndian(kCancel, 4), 0, stream);
}

}  // namespace marginalia
