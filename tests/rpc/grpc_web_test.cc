// gRPC-Web on a gRPC port. gRPC 1.51 keeps a request's content type to itself and answers it as one
// of gRPC; but what a browser sends is without "te: trailers", which none can send, and is refused.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "services/rpc/library.h"
#include "services/rpc/server/server.h"

namespace marginalia {
namespace {

using testing::HasSubstr;

constexpr std::uint8_t kData = 0;
constexpr std::uint8_t kHeaders = 1;
constexpr std::uint8_t kSettings = 4;
constexpr std::uint8_t kEndStream = 1;
constexpr std::uint8_t kEndHeaders = 4;

// RFC 9113, 4.1.
std::string Frame(std::uint8_t type, std::uint8_t flags, std::uint8_t stream,
                  std::string_view payload) {
  std::string frame = {
      0, 0, static_cast<char>(payload.size()), static_cast<char>(type), static_cast<char>(flags), 0,
      0, 0, static_cast<char>(stream)};
  frame += payload;
  return frame;
}

// RFC 7541, 6.2.2: literals without indexing, with new names.
std::string HeaderBlock(const std::vector<std::pair<std::string_view, std::string_view>>& fields) {
  std::string block;
  for (const auto& [name, value] : fields) {
    block += '\0';
    for (const std::string_view text : {name, value}) {
      block += static_cast<char>(text.size());
      block += text;
    }
  }
  return block;
}

// All that the server sends until its status has come.
std::string Answer(const std::string& address,
                   std::vector<std::pair<std::string_view, std::string_view>> more) {
  std::vector<std::pair<std::string_view, std::string_view>> fields = {
      {":method", "POST"},
      {":scheme", "http"},
      {":path", "/grpc.health.v1.Health/Check"},
      {":authority", "a"}};
  fields.insert(fields.end(), more.begin(), more.end());
  const std::string request = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + Frame(kSettings, 0, 0, "") +
                              Frame(kHeaders, kEndHeaders, 1, HeaderBlock(fields)) +
                              Frame(kData, kEndStream, 1, std::string(5, '\0'));
  const std::size_t colon = address.rfind(':');
  sockaddr_in server{};
  server.sin_family = AF_INET;
  server.sin_port = htons(static_cast<std::uint16_t>(std::stoi(address.substr(colon + 1))));
  EXPECT_EQ(inet_pton(AF_INET, address.substr(0, colon).c_str(), &server.sin_addr), 1);
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  const timeval most{.tv_sec = 20, .tv_usec = 0};
  setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof(most));
  EXPECT_EQ(connect(socket, reinterpret_cast<sockaddr*>(&server), sizeof(server)), 0);
  EXPECT_EQ(send(socket, request.data(), request.size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(request.size()));
  std::string answer;
  char bytes[4096];
  while (answer.find("grpc-status") == answer.npos) {
    const ssize_t count = recv(socket, bytes, sizeof(bytes), 0);
    if (count <= 0) break;
    answer.append(bytes, static_cast<std::size_t>(count));
  }
  close(socket);
  return answer;
}

TEST(GrpcWebTest, ABrowsersCallIsRefusedInAHeaderThatItCanReadAndCounted) {
  const auto server = RpcServer::Start({"127.0.0.1:0"}, {});
  ASSERT_TRUE(server.ok()) << server.status();
  const std::string& address = (*server)->address();
  const std::int64_t before = LibraryErrors();
  const std::string refused =
      Answer(address, {{"content-type", "application/grpc-web+proto"}, {"x-grpc-web", "1"}});
  EXPECT_THAT(refused, HasSubstr(std::string("grpc-status\x01") + "2"));
  EXPECT_THAT(refused, HasSubstr("Missing :te header"));
  EXPECT_GT(LibraryErrors(), before);
  // What a proxy has made a call of gRPC of, it may have left all else of.
  EXPECT_THAT(
      Answer(address,
             {{"content-type", "application/grpc"}, {"te", "trailers"}, {"x-grpc-web", "1"}}),
      HasSubstr(std::string("grpc-status\x01") + "0"));
}

}  // namespace
}  // namespace marginalia
