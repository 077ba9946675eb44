// A real server over loopback whose comments service does nothing but pass the gate, with the parts
// that the gate needs, and a stub that calls it.
#ifndef MARGINALIA_TESTS_RPC_GATED_SERVICE_H_
#define MARGINALIA_TESTS_RPC_GATED_SERVICE_H_

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "deploy/keys/token_mint.h"
#include "marginalia/comments/v1/comments_service.grpc.pb.h"
#include "services/identity/token_verifier.h"
#include "services/rpc/gate/gate.h"
#include "services/rpc/server/server.h"
#include "services/telemetry/metrics.h"
#include "tests/support/temp_dir.h"

namespace marginalia {

// A stream that stays open until it is ended.
class HeldStream;

class GatedComments : public comments::v1::CommentsService::CallbackService {
 public:
  explicit GatedComments(Gate& gate) : gate_(gate) {}

  // How AddComment is answered: at once, by `answer`; or, while `hold` is set, when Release is
  // called.
  std::function<absl::Status(const AdmittedCall&)> answer = [](const AdmittedCall&) {
    return absl::OkStatus();
  };
  bool hold = false;
  void Release(const absl::Status& status);
  void EndStreams(const absl::Status& status);
  std::size_t held_calls();
  // Of the held calls, those that their clients have given up.
  std::size_t cancelled_calls();
  std::size_t held_streams();

  grpc::ServerUnaryReactor* AddComment(grpc::CallbackServerContext* context,
                                       const comments::v1::AddCommentRequest* request,
                                       comments::v1::AddCommentResponse* response) override;
  grpc::ServerUnaryReactor* ImportComments(grpc::CallbackServerContext* context,
                                           const comments::v1::ImportCommentsRequest* request,
                                           comments::v1::ImportCommentsResponse* response) override;
  grpc::ServerUnaryReactor* ListThreadCounts(
      grpc::CallbackServerContext* context, const comments::v1::ListThreadCountsRequest* request,
      comments::v1::ListThreadCountsResponse* response) override;
  grpc::ServerUnaryReactor* VerifyAuditLog(grpc::CallbackServerContext* context,
                                           const comments::v1::VerifyAuditLogRequest* request,
                                           comments::v1::VerifyAuditLogResponse* response) override;
  grpc::ServerWriteReactor<comments::v1::WatchEventsResponse>* WatchEvents(
      grpc::CallbackServerContext* context,
      const comments::v1::WatchEventsRequest* request) override;

 private:
  friend class HeldStream;
  UnaryCall* AnswerAtOnce(grpc::CallbackServerContext* context, const GatedMethod& method);
  void Forget(HeldStream* stream);

  Gate& gate_;
  std::mutex mutex_;
  std::vector<UnaryCall*> calls_;
  std::vector<HeldStream*> streams_;
};

struct GatedServer {
  explicit GatedServer(GateOptions options = {}, RpcServerOptions server_options = {"127.0.0.1:0"});

  std::string Token(const std::string& role, const std::string& org = "northlight") const;

  TempDir dir;
  std::unique_ptr<TokenMint> mint;
  std::unique_ptr<TokenVerifier> verifier;
  Metrics metrics;
  Gate gate;
  GatedComments service;
  std::unique_ptr<RpcServer> server;
  std::shared_ptr<grpc::Channel> channel;
  std::unique_ptr<comments::v1::CommentsService::Stub> stub;
};

}  // namespace marginalia

#endif  // MARGINALIA_TESTS_RPC_GATED_SERVICE_H_
