// InvoicesService over loopback, from the token to the database and back.
#include "invoice-service/invoices_rpc.h"

#include <gmock/gmock.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>

#include "services/errors/errors.h"
#include "tests/invoice_service/invoices_rpc_fixture.h"

namespace marginalia {
namespace {

namespace v1 = invoices::v1;
using Stub = v1::InvoicesService::Stub;

using InvoicesRpcTest = InvoicesRpcFixture;
INSTANTIATE_ON_EVERY_DATABASE(InvoicesRpcTest);

TEST_P(InvoicesRpcTest, ACreatedInvoiceIsReadByIdAndByNumberAlike) {
  const v1::Invoice created = Create("INV-1042");
  EXPECT_EQ(created.status(), v1::INVOICE_STATUS_DRAFT);
  EXPECT_EQ(created.total(), 480000);
  // The first read of each fills the cache, the second one comes out of it.
  for (const std::string& id : {created.invoice_id(), std::string("INV-1042")}) {
    for (int again = 0; again < 2; ++again) {
      const auto read = Get(id);
      ASSERT_TRUE(read.ok()) << read.status();
      EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(read->invoice(), created));
      EXPECT_EQ(read->summary().number(), "INV-1042");
      EXPECT_EQ(read->summary().customer_name(), "Acme Corp");
      EXPECT_EQ(read->summary().currency(), "USD");
      EXPECT_EQ(read->summary().comment_count(), 0);
      EXPECT_FALSE(read->summary().has_last_comment_time());
    }
  }
}

TEST_P(InvoicesRpcTest, AnIdThatWhoeverForgotToChooseSendsIsRefused) {
  const std::string token = service_.Person("northlight", "member");
  for (const char* id :
       {"00000000-0000-0000-0000-000000000000", "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF", "7"}) {
    v1::CreateInvoiceRequest request = NewInvoice("INV-1042");
    request.set_invoice_id(id);
    const absl::Status refused = service_.Call(&Stub::CreateInvoice, token, request).status();
    ASSERT_EQ(FieldViolationsOf(refused).size(), 1U) << id << " " << refused;
    EXPECT_EQ(FieldViolationsOf(refused)[0].field, "invoice_id");
  }
}

TEST_P(InvoicesRpcTest, ASummaryCountsTheCommentsOfItsOwnTenantOnly) {
  const v1::Invoice invoice = Create("INV-1042");
  ASSERT_TRUE(Get("INV-1042").ok());
  Comment("northlight", invoice.invoice_id(), "Dana");
  Comment("northlight", invoice.invoice_id(), "Priya");
  Comment("rivalworks", invoice.invoice_id(), "Mallory");
  const auto read = Get("INV-1042");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->summary().comment_count(), 2);
  EXPECT_EQ(read->summary().last_author_name(), "Priya");
  EXPECT_TRUE(read->summary().has_last_comment_time());
  EXPECT_FALSE(read->freshness().as_of_token().empty());
  EXPECT_LT(read->freshness().lag().seconds(), 10);
}

TEST_P(InvoicesRpcTest, AChangeIsSeenByWhoeverReadsAfterIt) {
  const v1::Invoice invoice = Create("INV-1042");
  ASSERT_TRUE(Get("INV-1042").ok());
  v1::SendInvoiceRequest send;
  send.set_invoice_id("INV-1042");
  send.set_etag(invoice.etag());
  const auto sent = service_.Call(&Stub::SendInvoice, service_.Person("northlight"), send);
  ASSERT_TRUE(sent.ok()) << sent.status();
  EXPECT_EQ(Get("INV-1042")->invoice().status(), v1::INVOICE_STATUS_SENT);
  v1::PayInvoiceRequest pay;
  pay.set_invoice_id(invoice.invoice_id());
  pay.set_etag(sent->invoice().etag());
  const auto paid = service_.Call(&Stub::PayInvoice, service_.Person("northlight"), pay);
  ASSERT_TRUE(paid.ok()) << paid.status();
  EXPECT_EQ(Get("INV-1042")->summary().status(), v1::INVOICE_STATUS_PAID);
  EXPECT_EQ(Get("INV-1042")->summary().version(), 3);
  const v1::Invoice read = Get("INV-1042")->invoice();
  ASSERT_EQ(read.status_changes_size(), 2);
  EXPECT_EQ(read.status_changes(0).status(), v1::INVOICE_STATUS_SENT);
  EXPECT_EQ(read.status_changes(1).status(), v1::INVOICE_STATUS_PAID);
  EXPECT_FALSE(read.status_changes(1).actor().user_id().empty());
  EXPECT_TRUE(read.status_changes(1).has_time());
  v1::VoidInvoiceRequest voided;
  voided.set_invoice_id("INV-1042");
  voided.set_etag(paid->invoice().etag());
  EXPECT_EQ(
      ReasonOf(service_.Call(&Stub::VoidInvoice, service_.Person("northlight"), voided).status()),
      "INVOICE_STATUS_INVALID");
}

TEST_P(InvoicesRpcTest, AnUpdateReplacesTheContentAndNeedsTheEtag) {
  const v1::Invoice invoice = Create("INV-1042");
  v1::UpdateInvoiceRequest update;
  *update.mutable_invoice() = invoice;
  update.mutable_invoice()->set_terms("Net 15");
  const std::string token = service_.Person("northlight");
  EXPECT_EQ(FieldViolationsOf(service_.Call(&Stub::UpdateInvoice, token, update).status())[0].field,
            "etag");
  update.set_etag(invoice.etag());
  const auto updated = service_.Call(&Stub::UpdateInvoice, token, update);
  ASSERT_TRUE(updated.ok()) << updated.status();
  EXPECT_EQ(updated->invoice().terms(), "Net 15");
  EXPECT_EQ(Get("INV-1042")->invoice().version(), 2);
  EXPECT_EQ(ReasonOf(service_.Call(&Stub::UpdateInvoice, token, update).status()), "ETAG_MISMATCH");
}

TEST_P(InvoicesRpcTest, ABatchAnswersInTheOrderAskedFor) {
  const v1::Invoice first = Create("INV-1");
  const v1::Invoice second = Create("INV-2");
  Comment("northlight", second.invoice_id(), "Dana");
  ASSERT_TRUE(Get("INV-2").ok());
  v1::BatchGetInvoiceSummariesRequest request;
  for (const std::string& id : {std::string("INV-2"), first.invoice_id(), std::string("INV-2")}) {
    request.add_invoice_ids(id);
  }
  const std::string token = service_.Person("northlight", "viewer");
  const auto batch = service_.Call(&Stub::BatchGetInvoiceSummaries, token, request);
  ASSERT_TRUE(batch.ok()) << batch.status();
  ASSERT_EQ(batch->summaries_size(), 3);
  EXPECT_EQ(batch->summaries(0).number(), "INV-2");
  EXPECT_EQ(batch->summaries(0).comment_count(), 1);
  EXPECT_EQ(batch->summaries(1).number(), "INV-1");
  EXPECT_EQ(batch->summaries(2).invoice_id(), second.invoice_id());
  EXPECT_TRUE(batch->has_freshness());

  request.add_invoice_ids("");
  EXPECT_EQ(
      FieldViolationsOf(service_.Call(&Stub::BatchGetInvoiceSummaries, token, request).status())[0]
          .field,
      "invoice_ids[3]");
  request.clear_invoice_ids();
  EXPECT_TRUE(absl::IsInvalidArgument(
      service_.Call(&Stub::BatchGetInvoiceSummaries, token, request).status()));
}

TEST_P(InvoicesRpcTest, ABatchIsAllOrNothingAndSaysWhichItDoesNotHave) {
  Create("INV-1");
  Create("INV-2");
  ASSERT_TRUE(Get("INV-2").ok());
  v1::BatchGetInvoiceSummariesRequest request;
  for (const char* id : {"INV-3", "INV-2", "no/number", "INV-1", "INV-3"}) {
    request.add_invoice_ids(id);
  }
  const std::string token = service_.Person("northlight", "viewer");
  const absl::Status refused =
      service_.Call(&Stub::BatchGetInvoiceSummaries, token, request).status();
  EXPECT_EQ(ReasonOf(refused), "INVOICE_NOT_FOUND");
  EXPECT_EQ(ErrorMetadataOf(refused, "unknown_indexes"), "0,2,4");
  request.clear_invoice_ids();
  request.add_invoice_ids("INV-2");
  request.add_invoice_ids("INV-1");
  EXPECT_TRUE(service_.Call(&Stub::BatchGetInvoiceSummaries, token, request).ok());
}

// A whole invoice may be a thousand times as large as its summary.
TEST_P(InvoicesRpcTest, ABatchReadsNoLinesAndKeepsNoInvoices) {
  for (const char* number : {"INV-1", "INV-2"}) Create(number);
  ASSERT_TRUE(Get("INV-2").ok());
  const absl::Status moved =
      service_.writes().SubmitAndWait(SteadyTime::Never(), [](Connection& connection) {
        connection.sql() << "ALTER TABLE invoice_lines RENAME TO lines_elsewhere";
        return absl::OkStatus();
      });
  ASSERT_TRUE(moved.ok()) << moved;
  ASSERT_FALSE(Get("INV-1").ok());
  v1::BatchGetInvoiceSummariesRequest request;
  request.add_invoice_ids("INV-1");
  request.add_invoice_ids("INV-2");
  const auto batch = service_.Call(&Stub::BatchGetInvoiceSummaries,
                                   service_.Person("northlight", "viewer"), request);
  ASSERT_TRUE(batch.ok()) << batch.status();
  EXPECT_EQ(batch->summaries(0).total(), 480000);
  EXPECT_EQ(batch->summaries(1).number(), "INV-2");
  EXPECT_EQ(service_.cache().Find("northlight", "INV-1"), nullptr);
}

TEST_P(InvoicesRpcTest, AnotherTenantsInvoiceLooksLikeOneThatDoesNotExist) {
  const std::string id = Create("INV-1042").invoice_id();
  ASSERT_TRUE(Get(id).ok());
  const absl::Status theirs = Get(id, "rivalworks").status();
  EXPECT_EQ(ReasonOf(theirs), "INVOICE_NOT_FOUND");
  std::string random = id;
  random.back() = random.back() == '0' ? '1' : '0';
  const absl::Status unknown = Get(random, "rivalworks").status();
  std::string message(unknown.message());
  message.replace(message.find(random), random.size(), id);
  EXPECT_EQ(std::string(theirs.message()), message);
  EXPECT_EQ(theirs.code(), unknown.code());
}

TEST_P(InvoicesRpcTest, RolesDecideWhoReadsWritesAndRebuilds) {
  Create("INV-1042");
  const auto create = [&](const std::string& token) {
    return service_.Call(&Stub::CreateInvoice, token, NewInvoice("INV-1")).status();
  };
  const auto verify = [&](const std::string& token) {
    return service_.Call(&Stub::VerifyProjection, token, v1::VerifyProjectionRequest()).status();
  };
  EXPECT_TRUE(absl::IsUnauthenticated(create("")));
  EXPECT_TRUE(absl::IsPermissionDenied(create(service_.Person("northlight", "viewer"))));
  EXPECT_TRUE(create(service_.Person("northlight", "member")).ok());
  EXPECT_TRUE(absl::IsPermissionDenied(create(service_.Machine())));
  EXPECT_TRUE(absl::IsPermissionDenied(verify(service_.Person("northlight", "admin"))));
  EXPECT_TRUE(absl::IsPermissionDenied(verify(service_.Person("northlight", "service"))));
  EXPECT_TRUE(verify(service_.Machine()).ok());
}

TEST_P(InvoicesRpcTest, RebuildingAnswersWithWhatItChecked) {
  Comment("northlight", "a", "Dana");
  Comment("northlight", "b", "Dana");
  const auto rebuilt =
      service_.Call(&Stub::RebuildProjection, service_.Machine(), v1::RebuildProjectionRequest());
  ASSERT_TRUE(rebuilt.ok()) << rebuilt.status();
  EXPECT_EQ(rebuilt->threads_checked(), 2);
  EXPECT_EQ(rebuilt->threads_repaired(), 0);
  EXPECT_FALSE(rebuilt->as_of_token().empty());
  comments_.Stop();
  const absl::Status refused =
      service_.Call(&Stub::VerifyProjection, service_.Machine(), v1::VerifyProjectionRequest())
          .status();
  EXPECT_TRUE(absl::IsUnavailable(refused)) << refused;
  EXPECT_GT(RetryAfterOf(refused), absl::ZeroDuration());
}

TEST_P(InvoicesRpcTest, TextThatIsNotUtf8IsRefusedWithItsField) {
  v1::CreateInvoiceRequest request = NewInvoice("INV-1");
  request.mutable_invoice()->mutable_customer()->set_name("Acme \xff");
  const absl::Status refused =
      service_.Call(&Stub::CreateInvoice, service_.Person("northlight"), request).status();
  EXPECT_TRUE(absl::IsInvalidArgument(refused)) << refused;
  ASSERT_EQ(FieldViolationsOf(refused).size(), 1u);
  EXPECT_EQ(FieldViolationsOf(refused)[0].field, "invoice.customer.name");
}

TEST_P(InvoicesRpcTest, AReadAndAChangeInARaceNeverLeaveAnOldInvoiceInTheCache) {
  v1::Invoice invoice = Create("INV-1042");
  std::atomic<bool> done = false;
  std::thread reader([&] {
    while (!done) EXPECT_TRUE(Get("INV-1042").ok());
  });
  v1::UpdateInvoiceRequest update;
  for (int change = 0; change < 100; ++change) {
    *update.mutable_invoice() = invoice;
    update.mutable_invoice()->set_terms("Net " + std::to_string(change));
    update.set_etag(invoice.etag());
    const auto updated = service_.Call(&Stub::UpdateInvoice, service_.Person("northlight"), update);
    ASSERT_TRUE(updated.ok()) << updated.status();
    invoice = updated->invoice();
    EXPECT_EQ(Get("INV-1042")->invoice().version(), invoice.version());
  }
  done = true;
  reader.join();
}

}  // namespace
}  // namespace marginalia
