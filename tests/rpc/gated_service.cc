#include "tests/rpc/gated_service.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "services/rpc/client/channel.h"
#include "services/rpc/gate/refused_stream.h"

namespace marginalia {
namespace {

const GatedMethod& MethodOf(Gate& gate, const std::string& name) {
  return gate.Method("marginalia.comments.v1.CommentsService/" + name);
}

std::unique_ptr<TokenVerifier> VerifierFor(const TokenMint& mint) {
  auto verifier = TokenVerifier::Create(
      {.jwks_path = mint.jwks_path(), .issuer = mint.issuer(), .audience = mint.audience()});
  EXPECT_TRUE(verifier.ok()) << verifier.status();
  return *std::move(verifier);
}

}  // namespace

class HeldStream : public grpc::ServerWriteReactor<comments::v1::WatchEventsResponse> {
 public:
  HeldStream(GatedComments& owner, AdmittedCall call) : owner_(owner), call_(std::move(call)) {
    StartSendInitialMetadata();
  }

  void End(const absl::Status& status) { Finish(call_.Ended(status)); }
  void OnCancel() override { owner_.EndStreams(absl::CancelledError("")); }
  void OnDone() override {
    owner_.Forget(this);
    delete this;
  }

 private:
  GatedComments& owner_;
  AdmittedCall call_;
};

grpc::ServerUnaryReactor* GatedComments::AddComment(grpc::CallbackServerContext* context,
                                                    const comments::v1::AddCommentRequest*,
                                                    comments::v1::AddCommentResponse* response) {
  UnaryCall* call = gate_.Open(context, MethodOf(gate_, "AddComment"));
  if (!call->admitted()) return call;
  if (hold) {
    const std::lock_guard lock(mutex_);
    calls_.push_back(call);
    return call;
  }
  auto* author = response->mutable_comment()->mutable_author();
  author->set_user_id(call->caller().user_id);
  author->set_display_name(call->caller().display_name);
  call->Answer(answer(call->call()));
  return call;
}

grpc::ServerUnaryReactor* GatedComments::ImportComments(grpc::CallbackServerContext* context,
                                                        const comments::v1::ImportCommentsRequest*,
                                                        comments::v1::ImportCommentsResponse*) {
  return AnswerAtOnce(context, MethodOf(gate_, "ImportComments"));
}

grpc::ServerUnaryReactor* GatedComments::ListThreadCounts(
    grpc::CallbackServerContext* context, const comments::v1::ListThreadCountsRequest*,
    comments::v1::ListThreadCountsResponse*) {
  return AnswerAtOnce(context, MethodOf(gate_, "ListThreadCounts"));
}

grpc::ServerUnaryReactor* GatedComments::VerifyAuditLog(grpc::CallbackServerContext* context,
                                                        const comments::v1::VerifyAuditLogRequest*,
                                                        comments::v1::VerifyAuditLogResponse*) {
  return AnswerAtOnce(context, MethodOf(gate_, "VerifyAuditLog"));
}

grpc::ServerWriteReactor<comments::v1::WatchEventsResponse>* GatedComments::WatchEvents(
    grpc::CallbackServerContext* context, const comments::v1::WatchEventsRequest*) {
  auto call = gate_.Admit(context, MethodOf(gate_, "WatchEvents"));
  const bool admitted = call.ok();
  if (!call.ok()) {
    return new RefusedStream<grpc::ServerWriteReactor<comments::v1::WatchEventsResponse>>(
        call.status());
  }
  auto* stream = new HeldStream(*this, *std::move(call));
  if (admitted) {
    const std::lock_guard lock(mutex_);
    streams_.push_back(stream);
  }
  return stream;
}

UnaryCall* GatedComments::AnswerAtOnce(grpc::CallbackServerContext* context,
                                       const GatedMethod& method) {
  UnaryCall* call = gate_.Open(context, method);
  if (call->admitted()) call->Answer(absl::OkStatus());
  return call;
}

std::size_t GatedComments::cancelled_calls() {
  const std::lock_guard lock(mutex_);
  return static_cast<std::size_t>(
      std::count_if(calls_.begin(), calls_.end(),
                    [](const UnaryCall* call) { return call->cancelled().load(); }));
}

void GatedComments::Release(const absl::Status& status) {
  std::vector<UnaryCall*> calls;
  {
    const std::lock_guard lock(mutex_);
    calls.swap(calls_);
  }
  for (UnaryCall* call : calls) call->Answer(status);
}

void GatedComments::EndStreams(const absl::Status& status) {
  std::vector<HeldStream*> streams;
  {
    const std::lock_guard lock(mutex_);
    streams.swap(streams_);
  }
  for (HeldStream* stream : streams) stream->End(status);
}

void GatedComments::Forget(HeldStream* stream) {
  const std::lock_guard lock(mutex_);
  streams_.erase(std::remove(streams_.begin(), streams_.end(), stream), streams_.end());
}

std::size_t GatedComments::held_calls() {
  const std::lock_guard lock(mutex_);
  return calls_.size();
}

std::size_t GatedComments::held_streams() {
  const std::lock_guard lock(mutex_);
  return streams_.size();
}

GatedServer::GatedServer(GateOptions options, RpcServerOptions server_options)
    : mint(*TokenMint::Open(dir.path())),
      verifier(VerifierFor(*mint)),
      gate(options, *verifier, metrics),
      service(gate) {
  auto started = RpcServer::Start(std::move(server_options), {&service});
  EXPECT_TRUE(started.ok()) << started.status();
  server = *std::move(started);
  channel = ConnectTo(server->address());
  stub = comments::v1::CommentsService::NewStub(channel);
}

std::string GatedServer::Token(const std::string& role, const std::string& org) const {
  return mint->Mint({.org = org, .sub = "dana", .name = "Dana", .role = role});
}

}  // namespace marginalia
