// Streams that would go on for ever, or too many of them.
#include <gmock/gmock.h>

#include <chrono>
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/errors/errors.h"
#include "services/process/stopwatch.h"
#include "services/rpc/grpc_status.h"
#include "tests/abuse/abuse_test.h"
#include "tests/support/await.h"

namespace marginalia {
namespace {

using ::testing::HasSubstr;

// As the gateway promises it.
constexpr int kStreamsPerUserMax = 32;

class StreamsTest : public AbuseTest {
 protected:
  // In whole seconds, as tokens count them.
  std::string TokenFor(absl::Duration lifetime) const {
    boost::json::object claims = GoodClaims();
    claims["exp"] = absl::ToUnixSeconds(absl::Now() + lifetime);
    return Signed(GoodHeader(), claims);
  }
  const std::string events_ = "/api/invoices/" + invoice_ + "/events";
};

TEST_F(StreamsTest, AnEventStreamEndsWithItsToken) {
  HttpClient browser(processes().gateway().address());
  ASSERT_EQ(browser.OpenStream(events_, Bearing(TokenFor(absl::Seconds(3)))).status, 200);
  const SteadyTime start = SteadyTime::Now();
  while (browser.NextEvent().has_value()) {
    ASSERT_LT(SteadyTime::Now() - start, absl::Seconds(10)) << "the stream outlives its token";
  }
  EXPECT_LT(SteadyTime::Now() - start, absl::Seconds(10));
}

TEST_F(StreamsTest, AWatchEndsWithItsToken) {
  grpc::ClientContext context;
  processes().Prepare(context, TokenFor(absl::Seconds(3)), std::chrono::seconds(20));
  comments::v1::WatchEventsRequest request;
  request.set_from_beginning(true);
  const auto reader = processes().comments_stub().WatchEvents(&context, request);
  comments::v1::WatchEventsResponse response;
  while (reader->Read(&response)) {
  }
  const absl::Status status = FromGrpc(reader->Finish());
  EXPECT_EQ(status.code(), absl::StatusCode::kUnauthenticated) << status;
}

TEST_F(StreamsTest, OnePersonHasOnlySoManyAndTakesNothingFromOthers) {
  std::vector<std::unique_ptr<HttpClient>> open;
  const auto open_as = [&](const std::string& user) {
    open.push_back(std::make_unique<HttpClient>(processes().gateway().address()));
    return open.back()->OpenStream(events_, Bearing(Token("member", user)));
  };
  for (int i = 0; i < kStreamsPerUserMax; ++i) ASSERT_EQ(open_as("dana").status, 200) << i;
  // A program is told in a status, a browser in a stream that ends: it would never come back from
  // anything else.
  const HttpAnswer refused = Get(events_);
  EXPECT_EQ(refused.status, 429);
  EXPECT_THAT(refused.body, HasSubstr("TOO_MANY_STREAMS"));
  EXPECT_EQ(refused.headers.count("retry-after"), 1U);
  EXPECT_EQ(open_as("dana").status, 200);
  const auto told = open.back()->NextEvent();
  ASSERT_TRUE(told.has_value());
  EXPECT_EQ(told->event, "stale");
  EXPECT_THAT(told->data, HasSubstr("TOO_MANY_STREAMS"));
  EXPECT_FALSE(open.back()->NextEvent().has_value());
  EXPECT_EQ(open_as("priya").status, 200);
  EXPECT_EQ(Get(thread_).status, 200);
  open.erase(open.begin());
  EXPECT_TRUE(Await([&] {
    if (open_as("dana").status != 200) return false;
    const auto first = open.back()->NextEvent();
    return first.has_value() && first->event == "checkpoint";
  }));
}

}  // namespace
}  // namespace marginalia
