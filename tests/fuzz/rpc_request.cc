// The bytes of a raw RPC's request, as whoever speaks gRPC may send them.
#include <grpcpp/impl/grpc_library.h>
#include <grpcpp/support/byte_buffer.h>

#include <string>

#include "marginalia/comments/v1/comments_service.pb.h"
#include "services/errors/errors.h"
#include "services/rpc/raw_message.h"
#include "tests/fuzz/fuzz_target.h"

namespace marginalia {
namespace {

void ReadAs(google::protobuf::Message& request, std::string_view input) {
  // In two slices, as a large message comes.
  const std::size_t cut = input.size() / 2;
  const grpc::Slice slices[] = {{input.data(), cut}, {input.data() + cut, input.size() - cut}};
  const absl::Status read = ParseRequest(grpc::ByteBuffer(slices, 2), request);
  if (ReasonOf(read) == "ENCODING_UNSUPPORTED") {
    return Require(absl::IsUnimplemented(read), "what is compressed unreadably is UNIMPLEMENTED");
  }
  if (!read.ok()) {
    const bool malformed = ReasonOf(read) == "REQUEST_MALFORMED";
    Require(malformed || FieldViolationsOf(read).size() == 1, "a refusal names one field");
    return RequireRefusal(read, malformed ? "REQUEST_MALFORMED" : "INVALID_FIELD");
  }
  const std::unique_ptr<google::protobuf::Message> again(request.New());
  Require(ParseRequest(ToByteBuffer(request), *again).ok() &&
              again->SerializeAsString() == request.SerializeAsString(),
          "a request reads the same when it is sent again");
}

void ReadRpcRequest(std::string_view input) {
  static const grpc::GrpcLibraryCodegen library;
  comments::v1::AddCommentRequest add;
  ReadAs(add, input);
  comments::v1::ImportCommentsRequest import;
  ReadAs(import, input);
  comments::v1::ListAuditEntriesRequest list;
  ReadAs(list, input);
}

const FuzzTarget kTarget("rpc_request", ReadRpcRequest);

}  // namespace
}  // namespace marginalia
