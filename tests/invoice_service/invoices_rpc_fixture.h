// An invoice-service that follows a log of the test's, and what most of its tests ask of it. Used
// by one thread.
#ifndef MARGINALIA_TESTS_INVOICE_SERVICE_INVOICES_RPC_FIXTURE_H_
#define MARGINALIA_TESTS_INVOICE_SERVICE_INVOICES_RPC_FIXTURE_H_

#include <gtest/gtest.h>

#include <string>

#include "invoice-service/invoices_rpc.h"
#include "tests/invoice_service/service_under_test.h"
#include "tests/projector/scripted_comments.h"
#include "tests/support/await.h"
#include "tests/support/database_under_test.h"

namespace marginalia {

class InvoicesRpcFixture : public testing::TestWithParam<DatabaseKind> {
 protected:
  InvoicesRpcFixture() : service_(NewDatabaseUrl(GetParam()), comments_.address()) {}

  static invoices::v1::CreateInvoiceRequest NewInvoice(const std::string& number) {
    invoices::v1::CreateInvoiceRequest request;
    invoices::v1::Invoice* invoice = request.mutable_invoice();
    invoice->set_number(number);
    invoice->mutable_customer()->set_name("Acme Corp");
    invoice->mutable_customer()->set_email("billing@acme.example");
    invoice->set_terms("Net 30");
    invoice->set_due_date("2026-06-30");
    invoice->set_currency("USD");
    invoices::v1::LineItem* line = invoice->add_line_items();
    line->set_description("Design review");
    line->set_quantity("2 rounds");
    line->set_amount(480000);
    return request;
  }

  invoices::v1::Invoice Create(const std::string& number, const std::string& org = "northlight") {
    const auto created = service_.Call(&invoices::v1::InvoicesService::Stub::CreateInvoice,
                                       service_.Person(org), NewInvoice(number));
    EXPECT_TRUE(created.ok()) << created.status();
    return created.ok() ? created->invoice() : invoices::v1::Invoice();
  }

  absl::StatusOr<invoices::v1::GetInvoiceResponse> Get(const std::string& id,
                                                       const std::string& org = "northlight") {
    invoices::v1::GetInvoiceRequest request;
    request.set_invoice_id(id);
    return service_.Call(&invoices::v1::InvoicesService::Stub::GetInvoice,
                         service_.Person(org, "viewer"), request);
  }

  // Comments, and waits until the projection has it.
  void Comment(const std::string& org, const std::string& invoice_id, const std::string& author) {
    comments_.Comment(org, invoice_id, author);
    ASSERT_TRUE(Await([&] { return service_.progress().point() == comments_.head(); }));
  }

  ScriptedComments comments_;
  ServiceUnderTest service_;
};

}  // namespace marginalia

#endif  // MARGINALIA_TESTS_INVOICE_SERVICE_INVOICES_RPC_FIXTURE_H_
