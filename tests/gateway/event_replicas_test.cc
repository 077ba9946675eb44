// The gateway's subscription over several replicas of comments-service, which share one log: here
// one scripted service behind two addresses.
#include "tests/gateway/gateway_fixture.h"
#include "tests/support/tcp_proxy.h"

namespace marginalia {
namespace {

class EventReplicasTest : public GatewayFixture {
 protected:
  EventReplicasTest() {
    first_.LeadTo(comments_->address());
    second_.LeadTo(comments_->address());
    options_.comments_address = first_.address() + "," + second_.address();
    StartGateway();
    AwaitReady();
  }

  TcpProxy first_;
  TcpProxy second_;
};

TEST_F(EventReplicasTest, WithOneReplicaGoneTheEventsGoOnFromTheOtherNeitherLostNorTwice) {
  const auto browser = OpenNow();
  comments_->Post(kOrg, kInvoiceId, "one");
  Next(*browser, "one");
  first_.Cut();
  comments_->Post(kOrg, kInvoiceId, "two");
  Next(*browser, "two");
  AwaitReady();
  first_.LeadTo(comments_->address());
  second_.Cut();
  comments_->Post(kOrg, kInvoiceId, "three");
  Next(*browser, "three");
}

}  // namespace
}  // namespace marginalia
