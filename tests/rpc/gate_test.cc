#include "services/rpc/gate/gate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/errors/errors.h"
#include "services/process/stopwatch.h"
#include "services/rpc/client/channel.h"
#include "services/rpc/gate/late_refusals.h"
#include "services/rpc/grpc_status.h"
#include "tests/rpc/gate_calls.h"
#include "tests/rpc/gated_service.h"
#include "tests/support/await.h"

namespace marginalia {
namespace {

namespace api = comments::v1;
using ::testing::HasSubstr;

using GateTest = GateCalls;

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

TEST_F(GateTest, MetadataThatIsTooLargeIsRefusedAndNobodyElseOnTheConnectionNotices) {
  std::vector<std::unique_ptr<grpc::ClientContext>> contexts;
  std::vector<std::unique_ptr<grpc::ClientReader<api::WatchEventsResponse>>> watches;
  for (int i = 0; i < 40; ++i) {
    contexts.push_back(std::make_unique<grpc::ClientContext>());
    PrepareCall(*contexts.back(), server_.Token("viewer"), "",
                SteadyTime::Now() + absl::Seconds(60));
    watches.push_back(server_.stub->WatchEvents(contexts.back().get(), {}));
    watches.back()->WaitForInitialMetadata();
  }
  Metadata metadata = Bearing(server_.Token("member"));
  metadata.emplace("x-large", std::string(17'000, 'x'));
  const grpc::Status status = Add(metadata);
  ExpectRefused(status, grpc::StatusCode::RESOURCE_EXHAUSTED, "METADATA_TOO_LARGE");
  EXPECT_THAT(status.error_message(), HasSubstr("16384"));
  EXPECT_EQ(server_.service.held_streams(), 40U);
  server_.service.EndStreams(Refusal(absl::StatusCode::kUnavailable, "DRAINING", "the end"));
  for (const auto& watch : watches) EXPECT_EQ(ReasonOf(FromGrpc(watch->Finish())), "DRAINING");
}

TEST_F(GateTest, WhoeverSendsBadTokensIsSoonNotLookedAtAndKnownCallersStillAre) {
  const std::string good = server_.Token("member");
  ASSERT_TRUE(Add(Bearing(good)).ok());
  int looked_at = 0;
  const std::string bad = good.substr(0, good.size() - 4);
  grpc::Status status;
  for (int i = 0; i < 20 * kTokenFailuresPerSecond; ++i) {
    status = Add(Bearing(absl::StrCat(bad, absl::Hex(i, absl::kZeroPad4))));
    if (status.error_code() != grpc::StatusCode::UNAUTHENTICATED) break;
    ++looked_at;
  }
  EXPECT_GE(looked_at, kTokenFailuresPerSecond);
  ExpectRefused(status, grpc::StatusCode::RESOURCE_EXHAUSTED, "TOO_MANY_BAD_TOKENS");
  EXPECT_GT(RetryAfterOf(FromGrpc(status)), absl::ZeroDuration());
  EXPECT_TRUE(Add(Bearing(good)).ok());
  // It passes.
  const std::string newer = server_.Token("member");
  EXPECT_TRUE(Await([&] { return Add(Bearing(newer)).ok(); }));
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
  EXPECT_TRUE(Counts(server_.Token("service")).ok());
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
  SteadyTime deadline;
  server_.service.answer = [&deadline](const AdmittedCall& call) {
    deadline = call.deadline();
    return absl::OkStatus();
  };
  ASSERT_TRUE(Add(Bearing(server_.Token("member"))).ok());
  EXPECT_LE(deadline, SteadyTime::Now() + absl::Seconds(31));
  EXPECT_GT(deadline, SteadyTime::Now());

  grpc::ClientContext context;
  context.AddMetadata("authorization", "Bearer " + server_.Token("member"));
  api::AddCommentResponse response;
  ASSERT_TRUE(server_.stub->AddComment(&context, {}, &response).ok());
  EXPECT_EQ(deadline, SteadyTime::Never());
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

TEST_F(GateTest, OneCallerTakesNotAllPlacesAndAnotherHasItsOwn) {
  GatedServer server({.caller_calls_in_flight_max = 1});
  server.service.hold = true;
  const auto add = [&server](const std::string& org) {
    grpc::ClientContext context;
    Fill(context, Bearing(server.Token("member", org)));
    api::AddCommentResponse response;
    return server.stub->AddComment(&context, {}, &response);
  };
  std::vector<std::thread> callers;
  callers.emplace_back([&] { EXPECT_TRUE(add("northlight").ok()); });
  ASSERT_TRUE(Await([&server] { return server.service.held_calls() == 1; }));
  const grpc::Status refused = add("northlight");
  ExpectRefused(refused, grpc::StatusCode::RESOURCE_EXHAUSTED, "TOO_MANY_CALLS");
  EXPECT_EQ(InfoOf(refused).metadata().at("limit"), "caller");
  EXPECT_EQ(RetryAfterOf(FromGrpc(refused)), absl::Milliseconds(100));
  // The same name in another tenant is somebody else.
  callers.emplace_back([&] { EXPECT_TRUE(add("rivalworks").ok()); });
  EXPECT_TRUE(Await([&server] { return server.service.held_calls() == 2; }));
  server.service.Release(absl::OkStatus());
  for (std::thread& caller : callers) caller.join();
  server.service.hold = false;
  EXPECT_TRUE(Await([&] { return add("northlight").ok(); }));
}

TEST_F(GateTest, OneCallerTakesNotAllStreamsAndIsToldLate) {
  GatedServer server({.caller_streams_in_flight_max = 1});
  grpc::ClientContext first_context;
  Fill(first_context, Bearing(server.Token("viewer")));
  const auto first = server.stub->WatchEvents(&first_context, {});
  first->WaitForInitialMetadata();
  grpc::ClientContext second_context;
  Fill(second_context, Bearing(server.Token("viewer")));
  const Stopwatch since;
  const grpc::Status refused = server.stub->WatchEvents(&second_context, {})->Finish();
  EXPECT_GE(since.elapsed(), kLateRefusalDelay);
  ExpectRefused(refused, grpc::StatusCode::RESOURCE_EXHAUSTED, "TOO_MANY_WATCHERS");
  EXPECT_EQ(InfoOf(refused).metadata().at("limit"), "caller");
  grpc::ClientContext other_context;
  Fill(other_context, Bearing(server.Token("viewer", "rivalworks")));
  const auto other = server.stub->WatchEvents(&other_context, {});
  other->WaitForInitialMetadata();
  server.service.EndStreams(
      Refusal(absl::StatusCode::kUnavailable, "DRAINING", "the server is stopping"));
  ExpectRefused(first->Finish(), grpc::StatusCode::UNAVAILABLE, "DRAINING");
  ExpectRefused(other->Finish(), grpc::StatusCode::UNAVAILABLE, "DRAINING");
}

TEST_F(GateTest, ATenantThatCallsTooOftenIsToldToWaitAndAnotherIsNot) {
  GateOptions options;
  options.rates.tenant_calls_per_second = 1;
  options.rates.clock = [now = SteadyTime::Now()] { return now; };
  GatedServer server(options);
  const auto add = [&](const std::string& org) {
    grpc::ClientContext context;
    Fill(context, Bearing(server.Token("member", org)));
    api::AddCommentResponse response;
    return server.stub->AddComment(&context, {}, &response);
  };
  EXPECT_TRUE(add("northlight").ok());
  const Stopwatch asked;
  const grpc::Status refused = add("northlight");
  EXPECT_GE(asked.elapsed(), kLateRefusalDelay);
  ExpectRefused(refused, grpc::StatusCode::RESOURCE_EXHAUSTED, "RATE_LIMITED");
  EXPECT_EQ(InfoOf(refused).metadata().at("limit"), "tenant");
  EXPECT_EQ(RetryAfterOf(FromGrpc(refused)), absl::Seconds(1));
  EXPECT_TRUE(add("rivalworks").ok());
}

TEST_F(GateTest, AStreamWithoutATokenIsRefused) {
  grpc::ClientContext context;
  Fill(context, {});
  ExpectRefused(server_.stub->WatchEvents(&context, {})->Finish(),
                grpc::StatusCode::UNAUTHENTICATED, "TOKEN_MISSING");
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
