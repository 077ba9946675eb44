#include <memory>
#include <string>

#include "services/process/stopwatch.h"
#include "tests/comments_service/invoices_under_test.h"
#include "tests/comments_service/service_test.h"

namespace marginalia {
namespace {

constexpr char kInvoice[] = "0190aaaa-bbbb-7ccc-8ddd-eeeeffff0001";
constexpr char kOther[] = "0190aaaa-bbbb-7ccc-8ddd-eeeeffff0002";

class InvoiceDirectoryTest : public ServiceTest {
 protected:
  void SetUp() override {
    invoices_ = std::make_unique<InvoicesUnderTest>();
    for (const char* invoice : {kInvoice, kOther}) invoices_->Know("org", invoice, invoice);
    invoices_->Know("org", "INV-1042", kInvoice);
    Restart();
  }
  void TearDown() override { invoices_.reset(); }
  void Restart() {
    const std::string address = invoices_ != nullptr ? invoices_->address() : gone_;
    Start({.invoices_address = address});
  }
  void TakeInvoicesAway() {
    gone_ = invoices_->address();
    invoices_.reset();
  }

  std::unique_ptr<InvoicesUnderTest> invoices_;
  std::string gone_;
};
INSTANTIATE_ON_EVERY_DATABASE(InvoiceDirectoryTest);

TEST_P(InvoiceDirectoryTest, AnUnknownInvoiceIsNotFoundEverywhere) {
  const Client dana = service().As("org", "dana");
  const auto posted = dana.Add("INV-9", NewUuid(), "b");
  EXPECT_EQ(posted.status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(Reason(posted), "INVOICE_NOT_FOUND");
  EXPECT_EQ(Reason(dana.List("INV-9")), "INVOICE_NOT_FOUND");
  EXPECT_EQ(Reason(dana.Get("INV-9", NewUuid())), "INVOICE_NOT_FOUND");
  EXPECT_EQ(ReasonOf(dana.WatchFromBeginning("INV-9").End()), "INVOICE_NOT_FOUND");
  EXPECT_EQ(Reason(service().As("org", "alex", "admin").Verify("INV-9")), "INVOICE_NOT_FOUND");
  EXPECT_EQ(service().CountRows("threads"), 0);
}

TEST_P(InvoiceDirectoryTest, AnotherTenantsInvoiceLooksLikeNone) {
  ASSERT_TRUE(service().As("org", "dana").Add(kInvoice, NewUuid(), "b").ok());
  const Client mallory = service().As("rival", "mallory");
  const absl::Status theirs = mallory.List(kInvoice).status();
  const absl::Status nobodys = mallory.List("0190aaaa-bbbb-7ccc-8ddd-eeeeffff0009").status();
  EXPECT_EQ(ReasonOf(theirs), "INVOICE_NOT_FOUND");
  EXPECT_EQ(theirs.message(), nobodys.message());
  EXPECT_EQ(ReasonOf(mallory.Add(kInvoice, NewUuid(), "b").status()), "INVOICE_NOT_FOUND");
  EXPECT_EQ(ReasonOf(mallory.WatchFromBeginning(kInvoice).End()), "INVOICE_NOT_FOUND");
}

TEST_P(InvoiceDirectoryTest, TheNumberIsAnotherNameOfTheThread) {
  const Client dana = service().As("org", "dana");
  const auto posted = dana.Add("INV-1042", NewUuid(), "b");
  ASSERT_TRUE(posted.ok()) << posted.status();
  EXPECT_EQ(posted->comment().invoice_id(), kInvoice);
  EXPECT_EQ(dana.List("INV-1042")->total_size(), 1);
  EXPECT_EQ(dana.List(kInvoice)->total_size(), 1);
  EXPECT_EQ(dana.Add("INV-1042", posted->comment().comment_id(), "b")->replayed(), true);
  EXPECT_EQ(dana.WatchFromBeginning("INV-1042").Events(1).size(), 1U);
  comments::v1::ListAuditEntriesRequest request;
  request.set_invoice_id("INV-1042");
  EXPECT_EQ(service().As("org", "alex", "admin").Audit(request)->entries_size(), 1);
}

TEST_P(InvoiceDirectoryTest, AnInvoiceWithoutCommentsIsAnEmptyList) {
  EXPECT_EQ(service().As("org", "dana").List(kInvoice)->total_size(), 0);
}

TEST_P(InvoiceDirectoryTest, AKnownInvoiceIsAskedForOnce) {
  const Client dana = service().As("org", "dana");
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(dana.Add("INV-1042", NewUuid(), "b").ok());
    EXPECT_TRUE(dana.List("INV-1042", 1).ok());
  }
  EXPECT_EQ(invoices_->calls(), 1);
  Restart();
  EXPECT_TRUE(service().As("org", "dana").List(kInvoice, 1).ok());
  EXPECT_EQ(invoices_->calls(), 1);
}

TEST_P(InvoiceDirectoryTest, AnUnknownInvoiceIsAskedForAgain) {
  const Client dana = service().As("org", "dana");
  EXPECT_EQ(Reason(dana.List("INV-9")), "INVOICE_NOT_FOUND");
  invoices_->Know("org", "INV-9", kOther);
  EXPECT_TRUE(dana.List("INV-9").ok());
}

TEST_P(InvoiceDirectoryTest, WithInvoiceServiceDownKnownThreadsGoOn) {
  const Client before = service().As("org", "dana");
  ASSERT_TRUE(before.Add(kInvoice, NewUuid(), "b").ok());
  TakeInvoicesAway();
  Restart();
  const Client dana = service().As("org", "dana");
  EXPECT_TRUE(dana.Add(kInvoice, NewUuid(), "b").ok());
  EXPECT_EQ(dana.List(kInvoice)->total_size(), 2);
  const absl::Status unknown = dana.Add(kOther, NewUuid(), "b").status();
  EXPECT_EQ(unknown.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ReasonOf(unknown), "INVOICES_SERVICE_UNAVAILABLE");
  EXPECT_GT(RetryAfterOf(unknown), absl::ZeroDuration());
}

TEST_P(InvoiceDirectoryTest, WithInvoiceServiceStuckTheCallerHearsInTime) {
  invoices_->Hold();
  const SteadyTime start = SteadyTime::Now();
  const absl::Status stuck = service().As("org", "dana").Add(kOther, NewUuid(), "b").status();
  EXPECT_EQ(ReasonOf(stuck), "INVOICES_SERVICE_UNAVAILABLE");
  EXPECT_LT(SteadyTime::Now() - start, absl::Seconds(10));
  EXPECT_EQ(service().CountRows("comments"), 0);
}

}  // namespace
}  // namespace marginalia
