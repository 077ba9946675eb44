#include "tests/tls/secure_server.h"

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <utility>

#include "services/rpc/client/channel.h"
#include "tests/support/await.h"
#include "tests/support/http_client.h"

namespace marginalia {

using comments::v1::CommentsService;

SecureServer::SecureServer(const CertificateAuthority& authority, Clients clients,
                           std::vector<std::string> service_client_names)
    : mint_(TokenMint::Open(directory_.File("keys")).value()),
      tokens_(TokenVerifier::Create({.jwks_path = mint_->jwks_path(),
                                     .issuer = mint_->issuer(),
                                     .audience = mint_->audience()})
                  .value()) {
  GateOptions gate;
  gate.service_client_names = std::move(service_client_names);
  gate_ = std::make_unique<Gate>(std::move(gate), *tokens_, metrics_);
  service_ = std::make_unique<GatedComments>(*gate_);
  PutFile(identity_path(), authority.Certify("server").both());
  RpcServerOptions options{.address = "127.0.0.1:0"};
  options.tls.identity = {identity_path(), identity_path()};
  if (clients == Clients::kWithCertificate) {
    options.tls.client_ca_path = directory_.File("clients.pem");
    PutFile(options.tls.client_ca_path, authority.certificate());
  }
  server_ = RpcServer::Start(std::move(options), {service_.get()}).value();
  EXPECT_TRUE(metrics_.Serve("127.0.0.1:0").ok());
}

void SecureServer::Prepare(grpc::ClientContext& context, const std::string& role) const {
  const std::string token =
      mint_->Mint({.org = "northlight", .sub = "dana", .name = "Dana", .role = role});
  context.AddMetadata("authorization", "Bearer " + token);
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
}

grpc::Status SecureServer::CallAs(const std::string& role, const UpstreamTls& tls) {
  const auto stub = CommentsService::NewStub(ConnectTo(address(), tls));
  grpc::ClientContext context;
  Prepare(context, role);
  comments::v1::AddCommentResponse response;
  return stub->AddComment(&context, {}, &response);
}

grpc::Status SecureServer::WatchAs(const std::string& role, const UpstreamTls& tls) {
  const auto stub = CommentsService::NewStub(ConnectTo(address(), tls));
  grpc::ClientContext context;
  Prepare(context, role);
  const auto stream = stub->WatchEvents(&context, {});
  std::future<grpc::Status> end = std::async(std::launch::async, [&] { return stream->Finish(); });
  // A stream that is let in stays open until it is ended.
  EXPECT_TRUE(Await([&] {
    service_->EndStreams(absl::OkStatus());
    return end.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
  }));
  return end.get();
}

std::string SecureServer::Refusals(const std::string& reason) const {
  const std::string text = HttpClient(metrics_.address()).Get("/metrics").body;
  const std::string name = "marginalia_refusals_total{reason=\"" + reason + "\"} ";
  const std::size_t found = text.find(name);
  if (found == std::string::npos) return "";
  const std::size_t value = found + name.size();
  return text.substr(value, text.find('\n', value) - value);
}

}  // namespace marginalia
