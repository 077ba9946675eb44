// Two invoice-services share one projection: both rebuild it while comments come in, and its counts
// are exact.
#include <gtest/gtest.h>

#include <chrono>
#include <thread>
#include <vector>

#include "tests/replicas/replicas_fixture.h"
#include "tests/support/await.h"

namespace marginalia {
namespace {

constexpr std::chrono::seconds kHangMax{240};
constexpr std::chrono::seconds kRebuildMax{60};
constexpr int kRebuildsEach = 5;

class RebuildTest : public ReplicasFixture {
 protected:
  // One of them does it at a time; the other one is told to try again.
  bool Rebuild(std::size_t replica) {
    grpc::ClientContext context;
    PrepareFor(context, replicas_.Token("ops", "service", ""), kRebuildMax,
               /*wait_for_ready=*/true);
    invoices::v1::RebuildProjectionResponse answer;
    const grpc::Status status = clients_.invoices(replica).RebuildProjection(&context, {}, &answer);
    EXPECT_TRUE(status.ok() || status.error_code() == grpc::StatusCode::UNAVAILABLE)
        << status.error_code() << " " << status.error_message();
    return status.ok() && answer.threads_checked() > 0;
  }
};

TEST_F(RebuildTest, BothInvoiceServicesRebuildTheProjectionUnderLoadAndItsCountsAreExact) {
  const Watchdog watchdog(kHangMax, notice_);
  {
    Posters posters(replicas_, clients_, threads_, history_);
    AwaitProgressOfAll();
    std::vector<std::thread> rebuilders;
    for (std::size_t i = 0; i < replicas_.invoices().size(); ++i) {
      rebuilders.emplace_back([this, i] {
        for (int n = 0; n < kRebuildsEach; ++n) {
          EXPECT_TRUE(Await([this, i] { return Rebuild(i); }));
        }
      });
    }
    for (std::thread& rebuilder : rebuilders) rebuilder.join();
    AwaitProgressOfAll();
  }
  ASSERT_FALSE(HasFailure());
  history_.Check(replicas_, clients_, threads_);
}

}  // namespace
}  // namespace marginalia
