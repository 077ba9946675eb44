// The service config that our own clients use and that others should.
#include "services/rpc/client/service_config.h"

#include <gmock/gmock.h>
#include <google/protobuf/descriptor.h>
#include <grpcpp/support/validate_service_config.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "marginalia/comments/v1/comments_service.pb.h"
#include "marginalia/invoices/v1/invoices_service.pb.h"
#include "services/errors/errors.h"
#include "services/process/stopwatch.h"
#include "services/rpc/client/channel.h"
#include "tests/rpc/counted_replica.h"
#include "tests/rpc/gated_service.h"

namespace marginalia {
namespace {

namespace json = boost::json;
using grpc::StatusCode;
using testing::IsSupersetOf;
using testing::UnorderedElementsAre;

json::object Document() {
  const std::string_view text = ServiceConfigDocument();
  return json::parse({text.data(), text.size()}).as_object();
}

std::set<std::string> Names(const json::object& object) {
  std::set<std::string> names;
  for (const auto& member : object) names.emplace(member.key());
  return names;
}

// "package.Service/Method" of each method that the config names, once for each time.
std::multiset<std::string> ConfiguredMethods(bool retried_only = false) {
  std::multiset<std::string> methods;
  const json::object document = Document();
  for (const json::value& group : document.at("methodConfig").as_array()) {
    if (retried_only && !group.as_object().contains("retryPolicy")) continue;
    for (const json::value& name : group.at("name").as_array()) {
      methods.insert(std::string(name.at("service").as_string()) + "/" +
                     std::string(name.at("method").as_string()));
    }
  }
  return methods;
}

std::multiset<std::string> MethodsOfTheContract() {
  std::multiset<std::string> methods;
  for (const auto* file : {comments::v1::AddCommentRequest::descriptor()->file(),
                           invoices::v1::GetInvoiceRequest::descriptor()->file()}) {
    for (int s = 0; s < file->service_count(); ++s) {
      for (int m = 0; m < file->service(s)->method_count(); ++m) {
        methods.insert(file->service(s)->full_name() + "/" + file->service(s)->method(m)->name());
      }
    }
  }
  return methods;
}

TEST(ServiceConfigTest, GrpcTakesIt) {
  EXPECT_EQ(grpc::experimental::ValidateServiceConfigJSON(std::string(ServiceConfigDocument())),
            "");
}

TEST(ServiceConfigTest, ItHoldsWhatGrpcKnowsAndNothingElse) {
  const json::object document = Document();
  EXPECT_THAT(Names(document),
              UnorderedElementsAre("loadBalancingConfig", "retryThrottling", "methodConfig"));
  for (const json::value& group : document.at("methodConfig").as_array()) {
    EXPECT_THAT((std::set<std::string>{"name", "timeout", "retryPolicy"}),
                IsSupersetOf(Names(group.as_object())));
    for (const json::value& name : group.at("name").as_array()) {
      EXPECT_THAT(Names(name.as_object()), UnorderedElementsAre("service", "method"));
    }
    if (!group.as_object().contains("retryPolicy")) continue;
    const json::object& retries = group.at("retryPolicy").as_object();
    EXPECT_THAT(Names(retries), UnorderedElementsAre("maxAttempts", "initialBackoff", "maxBackoff",
                                                     "backoffMultiplier", "retryableStatusCodes"));
    EXPECT_EQ(retries.at("retryableStatusCodes"), json::array{"UNAVAILABLE"});
  }
}

TEST(ServiceConfigTest, ItNamesEveryMethodOfTheContractOnceButTheOneThatRunsForLong) {
  std::multiset<std::string> expected = MethodsOfTheContract();
  ASSERT_EQ(expected.erase("marginalia.invoices.v1.InvoicesService/RebuildProjection"), 1U);
  EXPECT_EQ(ConfiguredMethods(), expected);
}

TEST(ServiceConfigTest, WhatChangesAnInvoiceIsNotRetried) {
  const std::multiset<std::string> retried = ConfiguredMethods(/*retried_only=*/true);
  for (const char* method :
       {"CreateInvoice", "UpdateInvoice", "SendInvoice", "PayInvoice", "VoidInvoice"}) {
    EXPECT_EQ(retried.count(std::string("marginalia.invoices.v1.InvoicesService/") + method), 0U);
  }
}

TEST(RetryTest, ACallThatFindsTheServiceUnavailableTwiceSucceedsTheThirdTime) {
  CountedReplica replica([](int n) {
    return n <= 2 ? grpc::Status(StatusCode::UNAVAILABLE, "not yet") : grpc::Status::OK;
  });
  const grpc::Status status = Get(ConnectTo(replica.address()));
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(replica.calls(), 3);
}

TEST(RetryTest, AnyOtherErrorIsTheAnswer) {
  for (const StatusCode code : {StatusCode::ABORTED, StatusCode::INTERNAL,
                                StatusCode::RESOURCE_EXHAUSTED, StatusCode::DEADLINE_EXCEEDED}) {
    CountedReplica replica([code](int) { return grpc::Status(code, "no"); });
    EXPECT_EQ(Get(ConnectTo(replica.address())).error_code(), code);
    EXPECT_EQ(replica.calls(), 1);
  }
}

TEST(RetryTest, WithEverythingUnavailableRetriesStop) {
  constexpr int kCalls = 400;
  CountedReplica replica([](int) { return grpc::Status(StatusCode::UNAVAILABLE, "down"); });
  const auto channel = ConnectTo(replica.address());
  std::vector<std::thread> callers;
  for (int i = 0; i < 8; ++i) {
    callers.emplace_back([&channel] {
      for (int call = 0; call < kCalls / 8; ++call) {
        EXPECT_EQ(Get(channel).error_code(), StatusCode::UNAVAILABLE);
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  // Each failure takes one of 200, and from 100 on nothing is retried: so many retries, and those
  // that were decided on at the same time.
  EXPECT_GT(replica.calls(), kCalls);
  EXPECT_LE(replica.calls(), kCalls + 100 + 8);
  const int before = replica.calls();
  EXPECT_EQ(Get(channel).error_code(), StatusCode::UNAVAILABLE);
  EXPECT_EQ(replica.calls(), before + 1);
}

int AttemptsWhen(const absl::Status& refusal) {
  GatedServer server;
  int attempts = 0;
  server.service.answer = [&](const AdmittedCall&) {
    ++attempts;
    return refusal;
  };
  grpc::ClientContext context;
  PrepareCall(context, server.Token("member"), "", SteadyTime::Now() + absl::Seconds(30));
  comments::v1::AddCommentResponse response;
  EXPECT_EQ(server.stub->AddComment(&context, {}, &response).error_code(), StatusCode::UNAVAILABLE);
  return attempts;
}

TEST(RetryTest, AnErrorThatSaysWhenToTryAgainIsLeftToTheCaller) {
  EXPECT_EQ(AttemptsWhen(Refusal(absl::StatusCode::kUnavailable, "DRAINING", "stopping")), 3);
  EXPECT_EQ(AttemptsWhen(Refusal(absl::StatusCode::kUnavailable, "STORAGE_UNAVAILABLE", "later", {},
                                 absl::Seconds(1))),
            1);
}

}  // namespace
}  // namespace marginalia
