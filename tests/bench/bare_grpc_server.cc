// The limit for a gRPC read: a callback server that answers ListComments and GetInvoice with the
// same ready bytes each time, having looked at nothing.
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include "absl/synchronization/mutex.h"
#include "marginalia/comments/v1/comments_service.grpc.pb.h"
#include "marginalia/invoices/v1/invoices_service.grpc.pb.h"

namespace marginalia::bench {
namespace {

using comments::v1::CommentsService;
using invoices::v1::InvoicesService;

grpc::ServerUnaryReactor* AnswerWith(const grpc::ByteBuffer& bytes,
                                     grpc::CallbackServerContext* context,
                                     grpc::ByteBuffer* answer) {
  *answer = bytes;
  grpc::ServerUnaryReactor* call = context->DefaultReactor();
  call->Finish(grpc::Status::OK);
  return call;
}

class BareComments
    : public CommentsService::WithRawCallbackMethod_ListComments<CommentsService::Service> {
 public:
  explicit BareComments(const grpc::ByteBuffer& bytes) : bytes_(bytes) {}
  grpc::ServerUnaryReactor* ListComments(grpc::CallbackServerContext* context,
                                         const grpc::ByteBuffer*,
                                         grpc::ByteBuffer* answer) override {
    return AnswerWith(bytes_, context, answer);
  }

 private:
  const grpc::ByteBuffer& bytes_;
};

class BareInvoices
    : public InvoicesService::WithRawCallbackMethod_GetInvoice<InvoicesService::Service> {
 public:
  explicit BareInvoices(const grpc::ByteBuffer& bytes) : bytes_(bytes) {}
  grpc::ServerUnaryReactor* GetInvoice(grpc::CallbackServerContext* context,
                                       const grpc::ByteBuffer*, grpc::ByteBuffer* answer) override {
    return AnswerWith(bytes_, context, answer);
  }

 private:
  const grpc::ByteBuffer& bytes_;
};

int Serve(const char* bytes_path) {
  std::ifstream file(bytes_path, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const grpc::Slice slice(text);
  const grpc::ByteBuffer bytes(&slice, 1);
  BareComments comments(bytes);
  BareInvoices invoices(bytes);
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&comments);
  builder.RegisterService(&invoices);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr) return 1;
  std::fprintf(stderr,
               R"({"message":"listening","address":"127.0.0.1:%d"})"
               "\n",
               port);
  server->Wait();
  return 0;
}

}  // namespace
}  // namespace marginalia::bench

int main(int argc, char** argv) {
  // As the services do: see services/rpc/library.cc.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  if (argc == 2) return marginalia::bench::Serve(argv[1]);
  std::fputs("usage: bare_grpc_server FILE-WITH-THE-ANSWER\n", stderr);
  return 2;
}
