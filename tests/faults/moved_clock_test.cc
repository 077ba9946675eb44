// Somebody sets the wall clock an hour back or forward while the processes run: what goes by time
// that passes goes on.
#include "tests/support/moved_clock.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "services/errors/errors.h"
#include "services/rpc/grpc_status.h"
#include "tests/support/await.h"
#include "tests/support/http_client.h"
#include "tests/support/three_processes.h"

namespace marginalia {
namespace {

constexpr absl::Duration kTokenLifetime = absl::Hours(12);
constexpr int kCallsPerSecond = 5;

class MovedClockTest : public testing::TestWithParam<absl::Duration> {
 protected:
  // Where her token is known already, nobody asks whether it is from the future.
  void SetUp() override {
    ASSERT_TRUE(List(dana_).ok());
    ASSERT_TRUE(ReadCount().ok());
  }

  grpc::Status List(const std::string& token) {
    comments::v1::ListCommentsRequest request;
    request.set_invoice_id(invoice_);
    comments::v1::ListCommentsResponse response;
    grpc::ClientContext context;
    processes_.Prepare(context, token);
    return processes_.comments_stub().ListComments(&context, request, &response);
  }

  absl::StatusOr<invoices::v1::GetInvoiceResponse> ReadCount() {
    invoices::v1::GetInvoiceRequest request;
    request.set_invoice_id(invoice_);
    request.mutable_consistency()->set_fully_consistent(true);
    invoices::v1::GetInvoiceResponse response;
    const grpc::Status read = processes_.WithOneRetry(dana_, [&](grpc::ClientContext& context) {
      return processes_.invoices_stub().GetInvoice(&context, request, &response);
    });
    if (!read.ok()) return FromGrpc(read);
    return response;
  }

  std::string Token(const std::string& user) {
    return processes_.Token(user, "member", "northlight", kTokenLifetime);
  }

  TempDir directory_;
  MovedClock clock_{directory_.File("clock")};  // before the processes, which start with it
  ThreeProcesses processes_{
      {.common_flags = {absl::StrCat("--person_calls_per_second=", kCallsPerSecond)}}};
  const std::string dana_ = Token("dana");
  const std::string invoice_ = processes_.NewInvoice("INV-1");
};

TEST_P(MovedClockTest, AWatchGoesOnToSayHowFarItIs) {
  grpc::ClientContext context;
  processes_.Prepare(context, dana_, std::chrono::seconds(30));
  const auto watch = processes_.comments_stub().WatchEvents(&context, {});
  comments::v1::WatchEventsResponse message;
  ASSERT_TRUE(watch->Read(&message));
  clock_.Set(GetParam());
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(watch->Read(&message)) << watch->Finish().error_message();
    EXPECT_NE(message.checkpoint_token(), "");
  }
  context.TryCancel();
}

TEST_P(MovedClockTest, LimitsGoOnToLimitAndToLetThrough) {
  const auto limited = [&] { return ReasonOf(FromGrpc(List(dana_))) == "RATE_LIMITED"; };
  ASSERT_TRUE(Await(limited));
  clock_.Set(GetParam());
  EXPECT_TRUE(Await([&] { return List(dana_).ok(); }));
  EXPECT_TRUE(Await(limited));
}

TEST_P(MovedClockTest, WhatIsPostedIsSeenByFreshReadsAndByBrowsers) {
  HttpClient browser(processes_.gateway_front().address());
  const HttpClient::Headers headers = {{"Authorization", "Bearer " + dana_}};
  ASSERT_EQ(browser.OpenStream("/api/invoices/" + invoice_ + "/events", headers).status, 200);
  clock_.Set(GetParam());
  HttpClient poster(processes_.gateway_front().address());
  const HttpAnswer posted =
      poster.Post("/api/invoices/" + invoice_ + "/comments", R"({"body":"now"})", headers);
  ASSERT_EQ(posted.status, 201) << posted.body;
  // Others come before it: that the stream is current, say.
  bool seen = false;
  while (!seen) {
    const auto event = browser.NextEvent();
    ASSERT_TRUE(event.has_value());
    seen = event->data.find("\"now\"") != std::string::npos;
  }

  const auto read = ReadCount();
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->summary().comment_count(), 1);
  EXPECT_LT(read->freshness().lag().seconds(), 60);
  EXPECT_EQ(poster.Get("/readyz").status, 200);
}

TEST_P(MovedClockTest, ReplacedKeysAreReadAgain) {
  clock_.Set(GetParam());
  const std::size_t seen = processes_.comments().log().size();
  std::ofstream(processes_.jwks_path(), std::ios::app) << "\n";
  EXPECT_TRUE(Await([&] {
    List(dana_);
    const std::vector<std::string> lines = processes_.comments().log().lines();
    for (std::size_t i = seen; i < lines.size(); ++i) {
      if (lines[i].find("the keys for tokens were read again") != std::string::npos) return true;
    }
    return false;
  }));
}

INSTANTIATE_TEST_SUITE_P(, MovedClockTest, testing::Values(-absl::Hours(1), absl::Hours(1)),
                         [](const auto& info) {
                           return info.param < absl::ZeroDuration() ? "AnHourBack"
                                                                    : "AnHourForward";
                         });

}  // namespace
}  // namespace marginalia
