// Frames of HTTP/2 (RFC 9113) as a peer sends them who keeps to no manners. Pure functions.
#ifndef MARGINALIA_TESTS_SUPPORT_HTTP2_FRAMES_H_
#define MARGINALIA_TESTS_SUPPORT_HTTP2_FRAMES_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace marginalia {

enum class FrameType : char {
  kData = 0,
  kHeaders = 1,
  kReset = 3,
  kSettings = 4,
  kPing = 6,
  kWindowUpdate = 8,
};

// Stream 0 is the connection itself.
std::string Frame(FrameType type, std::string_view payload, char flags = 0,
                  std::uint32_t stream = 0);

// What a connection says first.
std::string Http2Opening();

// The header block of a gRPC call to "/package.Service/Method".
std::string GrpcHeaders(std::string_view method, std::string_view token);

// The first call of a connection, whole, with one message of these bytes. With an encoding it says
// that they are compressed that way.
std::string GrpcCall(std::string_view method, std::string_view message,
                     std::string_view encoding = "");

// Call `number` of a connection, from 0, begun and reset at once.
std::string ResetCall(std::string_view headers, int number);

}  // namespace marginalia

#endif  // MARGINALIA_TESTS_SUPPORT_HTTP2_FRAMES_H_
