#include "services/rpc/gate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <thread>
#include <vector>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "services/process/log.h"
#include "services/rpc/channel.h"
#include "services/rpc/errors.h"
#include "services/rpc/grpc_status.h"
#include "services/rpc/request_id.h"
#include "tests/rpc/gated_service.h"
#include "tests/support/await.h"
#include "tests/support/http_client.h"

namespace marginalia {
namespace {

namespace api = comments::v1;
using ::testing::HasSubstr;
using ::testing::Not;

using Metadata = std::multimap<std::string, std::string>;

Metadata Bearing(const std::string& token) { return {{"authorization", "Bearer " + token}}; }

class GateTest : public testing::Test {
 protected:
  static void Fill(grpc::ClientContext& context, const Metadata& metadata) {
    for (const auto& [name, value] : metadata) context.AddMetadata(name, value);
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
  }

  grpc::Status Add(const Metadata& metadata, api::AddCommentResponse* response = nullptr) {
    grpc::ClientContext context;
    Fill(context, metadata);
    api::AddCommentResponse ignored;
    return server_.stub->AddComment(&context, {}, response == nullptr ? &ignored : response);
  }

  grpc::Status Import(const std::string& token) {
    grpc::ClientContext context;
    Fill(context, Bearing(token));
    api::ImportCommentsResponse response;
    return server_.stub->ImportComments(&context, {}, &response);
  }

  grpc::Status Counts(const std::string& token) {
    grpc::ClientContext context;
    Fill(context, Bearing(token));
    api::ListThreadCountsResponse response;
    return server_.stub->ListThreadCounts(&context, {}, &response);
  }

  grpc::Status Audit(const std::string& token) {
    grpc::ClientContext context;
    Fill(context, Bearing(token));
    api::VerifyAuditLogResponse response;
    return server_.stub->VerifyAuditLog(&context, {}, &response);
  }

  // The one ErrorInfo of a failed call.
  static google::rpc::ErrorInfo InfoOf(const grpc::Status& status) {
    google::rpc::Status rich;
    EXPECT_TRUE(rich.ParseFromString(status.error_details()));
    EXPECT_EQ(rich.code(), static_cast<int>(status.error_code()));
    google::rpc::ErrorInfo info;
    int count = 0;
    for (const auto& detail : rich.details()) {
      if (detail.Is<google::rpc::ErrorInfo>() && detail.UnpackTo(&info)) ++count;
    }
    EXPECT_EQ(count, 1);
    EXPECT_EQ(info.domain(), "marginalia.dev");
    EXPECT_TRUE(IsRequestId(info.metadata().at("request_id")));
    return info;
  }

  static void ExpectRefused(const grpc::Status& status, grpc::StatusCode code,
                            const std::string& reason) {
    EXPECT_EQ(status.error_code(), code) << status.error_message();
    EXPECT_EQ(InfoOf(status).reason(), reason);
  }

  // What the log says of `act`.
  template <typename Act>
  static std::string LoggedBy(const Act& act) {
    FlushLog();
    testing::internal::CaptureStderr();
    act();
    FlushLog();
    return testing::internal::GetCapturedStderr();
  }

  GatedServer server_;
};

TEST_F(GateTest, AGoodTokenSaysWhoCalls) {
  api::AddCommentResponse response;
  const grpc::Status status = Add(Bearing(server_.Token("member")), &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response.comment().author().user_id(), "dana");
  EXPECT_EQ(response.comment().author().display_name(), "Dana");
}

TEST_F(GateTest, TheSchemeIsReadInAnyCase) {
  EXPECT_TRUE(Add({{"authorization", "bearer " + server_.Token("member")}}).ok());
}

TEST_F(GateTest, ACallWithoutATokenIsToldWhatToSend) {
  for (const Metadata& metadata :
       {Metadata{}, Metadata{{"authorization", ""}}, Metadata{{"authorization", "Bearer "}},
        Metadata{{"authorization", "Basic ZGFuYTpkYW5h"}}}) {
    const grpc::Status status = Add(metadata);
    ExpectRefused(status, grpc::StatusCode::UNAUTHENTICATED, "TOKEN_MISSING");
    EXPECT_THAT(status.error_message(), HasSubstr("authorization: Bearer"));
  }
}

TEST_F(GateTest, ABadTokenIsRefused) {
  ExpectRefused(Add(Bearing("a.b.c")), grpc::StatusCode::UNAUTHENTICATED, "TOKEN_INVALID");
  ExpectRefused(Add(Bearing(server_.Token("member", ""))), grpc::StatusCode::UNAUTHENTICATED,
                "TOKEN_INVALID");
}

TEST_F(GateTest, TwoTokensAreRefused) {
  const std::string good = "Bearer " + server_.Token("member");
  ExpectRefused(Add({{"authorization", good}, {"authorization", good}}),
                grpc::StatusCode::UNAUTHENTICATED, "TOKEN_INVALID");
}

TEST_F(GateTest, ARoleThatIsTooLowIsToldWhichIsNeeded) {
  const grpc::Status status = Add(Bearing(server_.Token("viewer")));
  ExpectRefused(status, grpc::StatusCode::PERMISSION_DENIED, "ROLE_TOO_LOW");
  EXPECT_THAT(status.error_message(), HasSubstr("needs the role member"));
  EXPECT_EQ(InfoOf(status).metadata().at("needed_role"), "member");
  EXPECT_TRUE(Add(Bearing(server_.Token("admin"))).ok());
}

TEST_F(GateTest, APersonMayNotCallWhatOnlyServicesMay) {
  const grpc::Status status = Counts(server_.Token("admin"));
  ExpectRefused(status, grpc::StatusCode::PERMISSION_DENIED, "ROLE_TOO_LOW");
  EXPECT_THAT(status.error_message(), HasSubstr("needs the role service"));
}

TEST_F(GateTest, AServiceMayNotCallWhatOnlyPeopleMay) {
  ExpectRefused(Audit(server_.Token("service")), grpc::StatusCode::PERMISSION_DENIED,
                "ROLE_TOO_LOW");
}

TEST_F(GateTest, AServiceActsForOneTenantOrForAllAsTheRpcSays) {
  ExpectRefused(Import(server_.Token("service", "")), grpc::StatusCode::PERMISSION_DENIED,
                "ORG_REQUIRED");
  EXPECT_TRUE(Import(server_.Token("service")).ok());
  EXPECT_TRUE(Counts(server_.Token("service", "")).ok());
}

TEST_F(GateTest, ACallersRequestIdIsKeptWhenItIsHarmless) {
  Metadata metadata = {{"x-request-id", "from-the-gateway.1"}};
  EXPECT_EQ(InfoOf(Add(metadata)).metadata().at("request_id"), "from-the-gateway.1");
  metadata = {{"x-request-id", "not a request id"}};
  EXPECT_NE(InfoOf(Add(metadata)).metadata().at("request_id"), "not a request id");
}

TEST_F(GateTest, MetadataThatClaimsAnIdentityIsIgnored) {
  Metadata metadata = Bearing(server_.Token("member"));
  metadata.emplace("x-user", "mallory");
  metadata.emplace("x-org", "rivalworks");
  metadata.emplace("x-role", "admin");
  api::AddCommentResponse response;
  ASSERT_TRUE(Add(metadata, &response).ok());
  EXPECT_EQ(response.comment().author().user_id(), "dana");
}

TEST_F(GateTest, TheDeadlineIsTheCallers) {
  absl::Time deadline;
  server_.service.answer = [&deadline](const AdmittedCall& call) {
    deadline = call.deadline();
    return absl::OkStatus();
  };
  ASSERT_TRUE(Add(Bearing(server_.Token("member"))).ok());
  EXPECT_LE(deadline, absl::Now() + absl::Seconds(31));
  EXPECT_GT(deadline, absl::Now());

  grpc::ClientContext context;
  context.AddMetadata("authorization", "Bearer " + server_.Token("member"));
  api::AddCommentResponse response;
  ASSERT_TRUE(server_.stub->AddComment(&context, {}, &response).ok());
  EXPECT_EQ(deadline, absl::InfiniteFuture());
}

TEST_F(GateTest, ARefusalOfTheUseCaseReachesTheCallerWithItsDetails) {
  server_.service.answer = [](const AdmittedCall&) {
    return Refusal(absl::StatusCode::kNotFound, "INVOICE_NOT_FOUND", "there is no such invoice",
                   {{"invoice_id", "INV-1"}});
  };
  const grpc::Status status = Add(Bearing(server_.Token("member")));
  ExpectRefused(status, grpc::StatusCode::NOT_FOUND, "INVOICE_NOT_FOUND");
  EXPECT_EQ(InfoOf(status).metadata().at("invoice_id"), "INV-1");
}

TEST_F(GateTest, AnInternalErrorIsForTheLogOnlyAndFoundByItsRequestId) {
  server_.service.answer = [](const AdmittedCall&) {
    return absl::InternalError("no such table: comments");
  };
  grpc::Status status;
  const std::string log = LoggedBy([&] { status = Add(Bearing(server_.Token("member"))); });
  ExpectRefused(status, grpc::StatusCode::INTERNAL, "INTERNAL");
  EXPECT_THAT(status.error_message(), Not(HasSubstr("table")));
  EXPECT_THAT(log, HasSubstr("no such table: comments"));
  EXPECT_THAT(log, HasSubstr(InfoOf(status).metadata().at("request_id")));
}

TEST_F(GateTest, CallsBeyondTheLimitAreRefusedWithARetryHintUntilOneEnds) {
  GatedServer server({.calls_in_flight_max = 2});
  server.service.hold = true;
  const std::string token = server.Token("member");
  const auto add = [&] {
    grpc::ClientContext context;
    Fill(context, Bearing(token));
    api::AddCommentResponse response;
    return server.stub->AddComment(&context, {}, &response);
  };
  std::vector<std::thread> callers;
  for (int i = 0; i < 2; ++i) callers.emplace_back([&] { EXPECT_TRUE(add().ok()); });
  ASSERT_TRUE(Await([&server] { return server.service.held_calls() == 2; }));
  EXPECT_EQ(server.gate.calls_in_flight(), 2);
  const grpc::Status refused = add();
  ExpectRefused(refused, grpc::StatusCode::RESOURCE_EXHAUSTED, "TOO_MANY_CALLS");
  EXPECT_EQ(RetryAfterOf(FromGrpc(refused)), absl::Milliseconds(100));
  server.service.Release(absl::OkStatus());
  for (std::thread& caller : callers) caller.join();
  EXPECT_TRUE(Await([&server] { return server.gate.calls_in_flight() == 0; }));
  server.service.hold = false;
  EXPECT_TRUE(add().ok());
}

TEST_F(GateTest, StreamsBeyondTheLimitAreRefusedWithARetryHint) {
  GatedServer server({.streams_in_flight_max = 1});
  grpc::ClientContext first_context;
  Fill(first_context, Bearing(server.Token("viewer")));
  const auto first = server.stub->WatchEvents(&first_context, {});
  first->WaitForInitialMetadata();
  grpc::ClientContext second_context;
  Fill(second_context, Bearing(server.Token("viewer")));
  const auto second = server.stub->WatchEvents(&second_context, {});
  const grpc::Status refused = second->Finish();
  ExpectRefused(refused, grpc::StatusCode::RESOURCE_EXHAUSTED, "TOO_MANY_WATCHERS");
  EXPECT_EQ(RetryAfterOf(FromGrpc(refused)), absl::Milliseconds(100));
  server.service.EndStreams(
      Refusal(absl::StatusCode::kUnavailable, "DRAINING", "the server is stopping"));
  ExpectRefused(first->Finish(), grpc::StatusCode::UNAVAILABLE, "DRAINING");
}

TEST_F(GateTest, AStreamWithoutATokenIsRefused) {
  grpc::ClientContext context;
  Fill(context, {});
  ExpectRefused(server_.stub->WatchEvents(&context, {})->Finish(),
                grpc::StatusCode::UNAUTHENTICATED, "TOKEN_MISSING");
}

TEST_F(GateTest, EveryCallIsLoggedInOneLineThatNamesWhoWhatAndHow) {
  const std::string log = LoggedBy([&] {
    ASSERT_TRUE(Add(Bearing(server_.Token("member"))).ok());
    ASSERT_TRUE(Await([&] { return server_.gate.calls_in_flight() == 0; }));
  });
  EXPECT_THAT(log, HasSubstr(R"("message":"call","request_id":")"));
  EXPECT_THAT(log, HasSubstr(R"("method":"marginalia.comments.v1.CommentsService/AddComment")"
                             R"(,"org_id":"northlight","user_id":"dana","code":"OK","reason":"")"
                             R"(,"duration_us":)"));
  EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), 1);
}

TEST_F(GateTest, ARefusedCallIsLoggedWithItsReason) {
  const std::string log = LoggedBy([&] {
    Add(Bearing(server_.Token("viewer")));
    ASSERT_TRUE(Await([&] { return server_.gate.calls_in_flight() == 0; }));
  });
  EXPECT_THAT(log, HasSubstr(R"("user_id":"dana","code":"PERMISSION_DENIED")"
                             R"(,"reason":"ROLE_TOO_LOW")"));
}

TEST_F(GateTest, NoTokenMetadataOrBodyIsEverLogged) {
  constexpr char kCanary[] = "canary-4711";
  server_.service.answer = [](const AdmittedCall&) {
    return InvalidField("body", "must not be blank");
  };
  const std::string token = server_.Token("member");
  const std::string log = LoggedBy([&] {
    Metadata metadata = Bearing(token);
    metadata.emplace("x-request-id", std::string(kCanary) + " ");
    metadata.emplace("cookie", kCanary);
    grpc::ClientContext context;
    Fill(context, metadata);
    api::AddCommentRequest request;
    request.set_body(kCanary);
    api::AddCommentResponse response;
    EXPECT_FALSE(server_.stub->AddComment(&context, request, &response).ok());
    Add(Bearing(kCanary));
    Add({{"authorization", kCanary}});
    ASSERT_TRUE(Await([&] { return server_.gate.calls_in_flight() == 0; }));
  });
  EXPECT_THAT(log, Not(HasSubstr(kCanary)));
  EXPECT_THAT(log, Not(HasSubstr(token.substr(token.size() - 20))));
}

TEST_F(GateTest, CallsAndRefusalsAreCounted) {
  ASSERT_TRUE(server_.metrics.Serve("127.0.0.1:0").ok());
  Add({});
  Add({});
  Add(Bearing("a.b.c"));
  Add(Bearing(server_.Token("viewer")));
  Add(Bearing(server_.Token("member")));
  ASSERT_TRUE(Await([&] { return server_.gate.calls_in_flight() == 0; }));
  HttpClient client(server_.metrics.address());
  const std::string text = client.Get("/metrics").body;
  EXPECT_THAT(text, HasSubstr("marginalia_refusals_total{reason=\"TOKEN_MISSING\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("marginalia_refusals_total{reason=\"TOKEN_INVALID\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("marginalia_refusals_total{reason=\"ROLE_TOO_LOW\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("marginalia_refusals_total{reason=\"ORG_REQUIRED\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("grpc_server_handled_total{grpc_code=\"OK\",grpc_method="
                              "\"AddComment\",grpc_service=\"marginalia.comments.v1."
                              "CommentsService\",grpc_type=\"unary\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("marginalia_calls_in_flight{kind=\"unary\"} 0\n"));
}

TEST_F(GateTest, ACallThatIsNotInTheContractEndsTheProcess) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(server_.gate.Method("marginalia.comments.v1.CommentsService/DropAll"),
              testing::ExitedWithCode(1), "there is no such RPC");
  EXPECT_EXIT(server_.gate.Method("grpc.health.v1.Health/Check"), testing::ExitedWithCode(1),
              "has no access rule");
}

}  // namespace
}  // namespace marginalia
