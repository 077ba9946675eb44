// SIGTERM under load: what is under way finishes, streams end with their last token, the process
// exits with 0, and after one start nothing is missing.
#include <gtest/gtest.h>
#include <signal.h>

#include <string>
#include <thread>
#include <vector>

#include "services/errors/errors.h"
#include "services/rpc/grpc_status.h"
#include "tests/faults/history.h"
#include "tests/support/http_client.h"
#include "tests/support/three_processes.h"

namespace marginalia {
namespace {

class DrainTest : public testing::Test {
 protected:
  ThreeProcesses processes_;
  const std::vector<std::string> invoices_ = {processes_.NewInvoice("INV-1"),
                                              processes_.NewInvoice("INV-2")};
};

TEST_F(DrainTest, EachServiceExitsWithZeroUnderLoadAndNothingIsLost) {
  History history;
  {
    PostingLoad load(processes_, invoices_, 8, history);
    load.AwaitMore(50);
    processes_.comments().Signal(SIGTERM);
    EXPECT_EQ(processes_.comments().Wait(), 0);
    processes_.StartComments();
    load.AwaitMore(50);
    processes_.invoices().Signal(SIGTERM);
    EXPECT_EQ(processes_.invoices().Wait(), 0);
    processes_.StartInvoices();
    load.AwaitMore(50);
    processes_.gateway().Signal(SIGTERM);
    EXPECT_EQ(processes_.gateway().Wait(), 0);
    processes_.StartGateway();
  }
  history.Check(processes_, invoices_);
}

TEST_F(DrainTest, AWatcherIsToldWithItsLastTokenAndResumesWithoutAGap) {
  History history;
  const std::string token = processes_.Token("sam", "viewer");
  comments::v1::WatchEventsRequest request;
  request.set_from_beginning(true);
  std::int64_t seen = 0;
  {
    PostingLoad load(processes_, invoices_, 4, history);
    grpc::ClientContext context;
    processes_.Prepare(context, token, std::chrono::seconds(60));
    const auto stream = processes_.comments_stub().WatchEvents(&context, request);
    comments::v1::WatchEventsResponse message;
    bool stopping = false;
    std::string last_token;
    while (stream->Read(&message)) {
      for (const auto& event : message.events()) {
        EXPECT_EQ(event.number(), ++seen);
      }
      last_token = message.checkpoint_token();
      if (seen > 20 && !stopping) {
        stopping = true;
        processes_.comments().Signal(SIGTERM);
      }
    }
    const absl::Status ended = FromGrpc(stream->Finish());
    EXPECT_EQ(ended.code(), absl::StatusCode::kUnavailable) << ended;
    EXPECT_EQ(ReasonOf(ended), "DRAINING");
    request.set_after_token(last_token);
    EXPECT_EQ(processes_.comments().Wait(), 0);
    processes_.StartComments();
    load.AwaitMore(20);
  }
  grpc::ClientContext context;
  processes_.Prepare(context, token, std::chrono::seconds(60));
  const auto stream = processes_.comments_stub().WatchEvents(&context, request);
  comments::v1::WatchEventsResponse message;
  while (seen < static_cast<std::int64_t>(history.size()) && stream->Read(&message)) {
    for (const auto& event : message.events()) {
      EXPECT_EQ(event.number(), ++seen);
    }
  }
  EXPECT_GE(seen, static_cast<std::int64_t>(history.size()));
  context.TryCancel();
}

TEST_F(DrainTest, ABrowsersStreamEndsWhenTheGatewayIsToldToStop) {
  HttpClient browser(processes_.gateway().address());
  const HttpAnswer opened =
      browser.OpenStream("/api/invoices/" + invoices_[0] + "/events",
                         {{"Authorization", "Bearer " + processes_.Token("sam", "viewer")}});
  ASSERT_EQ(opened.status, 200);
  processes_.gateway().Signal(SIGTERM);
  while (browser.NextEvent().has_value()) {
  }
  EXPECT_EQ(processes_.gateway().Wait(), 0);
}

}  // namespace
}  // namespace marginalia
