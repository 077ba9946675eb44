// Messages of raw RPC methods, whose requests come and whose answers go as bytes. A method is raw
// to send bytes that were encoded before, and to answer a request that does not parse with a clear
// error: a parsed method's caller would hear UNIMPLEMENTED. Pure functions, thread-safe.
#ifndef MARGINALIA_SERVICES_RPC_RAW_MESSAGE_H_
#define MARGINALIA_SERVICES_RPC_RAW_MESSAGE_H_

#include <grpcpp/support/byte_buffer.h>

#include <memory>
#include <string>

#include "absl/status/status.h"

namespace google::protobuf {
class MessageLite;
class Message;
}  // namespace google::protobuf

namespace marginalia {

// 500 imported comments of 10,000 characters of four bytes, with their ids, authors and times, that
// were removed for reasons of 500 such characters.
inline constexpr int kRequestBytesMax = 21 * 1024 * 1024;

// Errors: RESOURCE_EXHAUSTED (REQUEST_TOO_LARGE) beyond kRequestBytesMax; INVALID_ARGUMENT, naming
// the field when its text is not valid UTF-8 (which proto3 strings must be), else with reason
// REQUEST_MALFORMED; UNIMPLEMENTED (ENCODING_UNSUPPORTED) when it is compressed in a way that gRPC
// does not know.
absl::Status ParseRequest(const grpc::ByteBuffer& bytes, google::protobuf::Message& request);

// The encoded message without a copy: it is shared until gRPC has sent it.
grpc::ByteBuffer ToByteBuffer(std::shared_ptr<const std::string> encoded);

grpc::ByteBuffer ToByteBuffer(const google::protobuf::MessageLite& message);

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_RPC_RAW_MESSAGE_H_
