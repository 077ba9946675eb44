// What the gateway hands on to the services: the caller's token and the request id, and nothing
// else that the caller has said about itself.
#include <gmock/gmock.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <map>
#include <mutex>

#include "absl/strings/str_cat.h"
#include "tests/abuse/abuse_test.h"
#include "tests/support/await.h"

namespace marginalia {
namespace {

using ::testing::ElementsAre;
using ::testing::MatchesRegex;
using ::testing::Pair;

// In the place of a service: answers nothing and keeps what came with each call. Thread-safe.
class MetadataRecorder : public grpc::CallbackGenericService {
 public:
  MetadataRecorder() {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
    builder.RegisterCallbackGenericService(this);
    server_ = builder.BuildAndStart();
  }
  ~MetadataRecorder() override { server_->Shutdown(std::chrono::system_clock::now()); }

  std::string address() const { return absl::StrCat("127.0.0.1:", port_); }

  using Metadata = std::map<std::string, std::string>;
  // Of the last call of that method; empty when none has come.
  Metadata Of(const std::string& method) const {
    const std::lock_guard lock(mutex_);
    const auto found = seen_.find(method);
    return found == seen_.end() ? Metadata() : found->second;
  }

 private:
  class Unimplemented : public grpc::ServerGenericBidiReactor {
   public:
    Unimplemented() { Finish({grpc::StatusCode::UNIMPLEMENTED, "only recorded"}); }
    void OnDone() override { delete this; }
  };

  grpc::ServerGenericBidiReactor* CreateReactor(
      grpc::GenericCallbackServerContext* context) override {
    Metadata metadata;
    for (const auto& [name, value] : context->client_metadata()) {
      metadata[std::string(name.data(), name.size())] = std::string(value.data(), value.size());
    }
    const std::lock_guard lock(mutex_);
    seen_[context->method()] = std::move(metadata);
    return new Unimplemented;
  }

  mutable std::mutex mutex_;
  std::map<std::string, Metadata> seen_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

TEST(ForwardingTest, TheGatewayHandsOnTheTokenAndTheRequestIdAlone) {
  MetadataRecorder recorder;
  ThreeProcesses processes;
  processes.comments_front().Cut();
  processes.comments_front().LeadTo(recorder.address());
  const std::string token = processes.Token("dana", "member");
  HttpClient::Headers headers = {{"Authorization", "Bearer " + token},
                                 {"X-Request-Id", "request-1"},
                                 {"Cookie", "__Host-marginalia=other; canary=1"},
                                 {"X-Org", "rivalworks"},
                                 {"X-User", "mallory"},
                                 {"X-Forwarded-For", "10.0.0.1"},
                                 {"X-Forwarded-User", "mallory"},
                                 {"Grpc-Metadata-Authorization", "Bearer x"},
                                 {"Grpc-Timeout", "1n"},
                                 {"Te", "trailers"},
                                 {"Traceparent", "00-x"}};
  const std::string method = "/marginalia.comments.v1.CommentsService/AddComment";
  HttpClient client(processes.gateway().address());
  // The gateway notices by and by that its connection leads elsewhere.
  ASSERT_TRUE(Await([&] {
    client.Post("/api/invoices/INV-1/comments", R"({"body":"hello"})", headers);
    return !recorder.Of(method).empty();
  }));
  MetadataRecorder::Metadata metadata = recorder.Of(method);
  // gRPC's own; the second comes with a retry, such as of the call that met the cut connection.
  metadata.erase("user-agent");
  metadata.erase("grpc-previous-rpc-attempts");
  // What is no trace begins one.
  EXPECT_THAT(metadata,
              ElementsAre(Pair("authorization", "Bearer " + token),
                          Pair("traceparent", MatchesRegex("00-[0-9a-f]{32}-[0-9a-f]{16}-00")),
                          Pair("x-request-id", "request-1")));
}

}  // namespace
}  // namespace marginalia
