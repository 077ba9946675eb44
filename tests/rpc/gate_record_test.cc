// What the gate writes to the log and counts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "services/errors/errors.h"
#include "tests/rpc/gate_calls.h"
#include "tests/rpc/gated_service.h"
#include "tests/support/await.h"
#include "tests/support/http_client.h"

namespace marginalia {
namespace {

namespace api = comments::v1;
using ::testing::HasSubstr;
using ::testing::Not;

using GateRecordTest = GateCalls;

TEST_F(GateRecordTest, AnInternalErrorIsForTheLogOnlyAndFoundByItsRequestId) {
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

TEST_F(GateRecordTest, EveryCallIsLoggedInOneLineThatNamesWhoWhatAndHow) {
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

TEST_F(GateRecordTest, ARefusedCallIsLoggedWithItsReason) {
  const std::string log = LoggedBy([&] {
    Add(Bearing(server_.Token("viewer")));
    ASSERT_TRUE(Await([&] { return server_.gate.calls_in_flight() == 0; }));
  });
  EXPECT_THAT(log, HasSubstr(R"("user_id":"dana","code":"PERMISSION_DENIED")"
                             R"(,"reason":"ROLE_TOO_LOW")"));
}

TEST_F(GateRecordTest, NoTokenMetadataOrBodyIsEverLogged) {
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

TEST_F(GateRecordTest, CallsAndRefusalsAreCounted) {
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

}  // namespace
}  // namespace marginalia
