// ListInvoiceSummaries over loopback: orders, filters, search, and tokens that belong to them.
#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "services/errors/errors.h"
#include "services/tokens/page_token.h"
#include "tests/invoice_service/invoices_rpc_fixture.h"

namespace marginalia {
namespace {

namespace v1 = invoices::v1;
using Stub = v1::InvoicesService::Stub;
using testing::ElementsAre;

class InvoiceListsRpcTest : public InvoicesRpcFixture {
 protected:
  void Settle(const std::string& invoice_id, bool resolved) {
    comments_.Settle("northlight", invoice_id, resolved);
    ASSERT_TRUE(Await([&] { return service_.progress().point() == comments_.head(); }));
  }
  std::string IdOf(const std::string& number) { return Get(number)->invoice().invoice_id(); }

  absl::StatusOr<v1::ListInvoiceSummariesResponse> List(
      const v1::ListInvoiceSummariesRequest& request) {
    return service_.Call(&Stub::ListInvoiceSummaries, service_.Person("northlight"), request);
  }
  // All of the list, page by page.
  std::vector<std::string> Numbers(int page_size, v1::ListInvoiceSummariesRequest request) {
    request.set_page_size(page_size);
    std::vector<std::string> numbers;
    do {
      const auto page = List(request);
      EXPECT_TRUE(page.ok()) << page.status();
      if (!page.ok()) break;
      for (const v1::InvoiceSummary& summary : page->summaries()) {
        numbers.push_back(summary.number());
      }
      request.set_page_token(page->next_page_token());
    } while (!request.page_token().empty());
    return numbers;
  }
  std::vector<std::string> NumbersByActivity(int page_size,
                                             v1::ListInvoiceSummariesRequest request) {
    request.set_order(v1::INVOICE_ORDER_ACTIVITY);
    return Numbers(page_size, request);
  }
};
INSTANTIATE_ON_EVERY_DATABASE(InvoiceListsRpcTest);

TEST_P(InvoiceListsRpcTest, ListsPageThroughTheTenantsSummariesInOrderOfNumber) {
  for (const char* number : {"INV-3", "INV-1", "INV-5", "INV-2", "INV-4"}) Create(number);
  Create("INV-0", "rivalworks");
  Comment("northlight", Get("INV-2")->invoice().invoice_id(), "Dana");
  v1::ListInvoiceSummariesRequest request;
  request.set_page_size(2);
  std::vector<std::string> numbers;
  std::vector<std::string> tokens;
  do {
    const auto page =
        service_.Call(&Stub::ListInvoiceSummaries, service_.Person("northlight"), request);
    ASSERT_TRUE(page.ok()) << page.status();
    for (const v1::InvoiceSummary& summary : page->summaries()) {
      numbers.push_back(summary.number());
      EXPECT_EQ(summary.comment_count(), summary.number() == "INV-2" ? 1 : 0);
    }
    request.set_page_token(page->next_page_token());
    tokens.push_back(page->next_page_token());
  } while (!request.page_token().empty());
  EXPECT_THAT(numbers, ElementsAre("INV-1", "INV-2", "INV-3", "INV-4", "INV-5"));
  // Another tenant's token is as good as a made up one, however well it is made up.
  for (const std::string& token :
       {tokens[0], std::string("made up"),
        MakePageToken("INV\xFF", {"ListInvoiceSummaries", "rivalworks"})}) {
    request.set_page_token(token);
    EXPECT_EQ(
        ReasonOf(service_.Call(&Stub::ListInvoiceSummaries, service_.Person("rivalworks"), request)
                     .status()),
        "PAGE_TOKEN_INVALID");
  }
}

TEST_P(InvoiceListsRpcTest, ListsByActivityShowWhatHappenedLastAndThenTheNewestCreated) {
  for (const char* number : {"INV-1", "INV-2", "INV-3", "INV-4"}) Create(number);
  Create("INV-9", "rivalworks");
  Comment("rivalworks", Get("INV-9", "rivalworks")->invoice().invoice_id(), "Mallory");
  Comment("northlight", IdOf("INV-3"), "Dana");
  Comment("northlight", IdOf("INV-1"), "Dana");
  Settle(IdOf("INV-3"), true);
  for (int page_size = 1; page_size <= 5; ++page_size) {
    EXPECT_THAT(NumbersByActivity(page_size, v1::ListInvoiceSummariesRequest()),
                ElementsAre("INV-3", "INV-1", "INV-4", "INV-2"));
  }
}

TEST_P(InvoiceListsRpcTest, ListsByThreadStateHoldThoseOfItAlone) {
  for (const char* number : {"INV-1", "INV-2", "INV-3"}) Create(number);
  Comment("northlight", IdOf("INV-1"), "Dana");
  Settle(IdOf("INV-1"), true);
  Settle(IdOf("INV-3"), true);
  v1::ListInvoiceSummariesRequest request;
  request.set_thread_state(comments::v1::THREAD_STATE_RESOLVED);
  EXPECT_THAT(Numbers(1, request), ElementsAre("INV-1", "INV-3"));
  EXPECT_THAT(NumbersByActivity(1, request), ElementsAre("INV-3", "INV-1"));
  request.set_thread_state(comments::v1::THREAD_STATE_OPEN);
  EXPECT_THAT(Numbers(5, request), ElementsAre("INV-2"));
  Settle(IdOf("INV-3"), false);
  EXPECT_THAT(Numbers(5, request), ElementsAre("INV-2", "INV-3"));
  const auto reopened = Get("INV-3");
  EXPECT_EQ(reopened->summary().thread_state(), comments::v1::THREAD_STATE_OPEN);
  EXPECT_TRUE(reopened->summary().has_state_time());
  EXPECT_FALSE(Get("INV-2")->summary().has_state_time());
}

TEST_P(InvoiceListsRpcTest, ATokenOfOneListIsNoneOfAnotherAndWhatNoListKnowsIsRefused) {
  for (const char* number : {"INV-1", "INV-2"}) Create(number);
  v1::ListInvoiceSummariesRequest request;
  request.set_page_size(1);
  const std::string by_number = List(request)->next_page_token();
  request.set_page_token(by_number);
  request.set_order(v1::INVOICE_ORDER_ACTIVITY);
  EXPECT_EQ(ReasonOf(List(request).status()), "PAGE_TOKEN_INVALID");
  request.set_order(v1::INVOICE_ORDER_UNSPECIFIED);
  request.set_thread_state(comments::v1::THREAD_STATE_OPEN);
  EXPECT_EQ(ReasonOf(List(request).status()), "PAGE_TOKEN_INVALID");
  request.clear_page_token();
  request.set_thread_state(static_cast<comments::v1::ThreadState>(3));
  EXPECT_EQ(FieldViolationsOf(List(request).status()).at(0).field, "thread_state");
  request.clear_thread_state();
  request.set_order(static_cast<v1::InvoiceOrder>(7));
  EXPECT_EQ(FieldViolationsOf(List(request).status()).at(0).field, "order");
}

TEST_P(InvoiceListsRpcTest, ListsAreSearchedAndFilteredAndTheirTokensAreBoundToThat) {
  for (const char* number : {"INV-1", "INV-2", "INV-3", "INV-4"}) Create(number);
  Create("INV-1", "rivalworks");
  v1::SendInvoiceRequest send;
  for (const char* number : {"INV-2", "INV-3"}) {
    send.set_invoice_id(number);
    send.set_etag(Get(number)->invoice().etag());
    ASSERT_TRUE(service_.Call(&Stub::SendInvoice, service_.Person("northlight"), send).ok());
  }
  v1::ListInvoiceSummariesRequest search;
  search.set_search("acme INV");
  EXPECT_THAT(Numbers(1, search), ElementsAre("INV-1", "INV-2", "INV-3", "INV-4"));
  search.set_status(v1::INVOICE_STATUS_SENT);
  EXPECT_THAT(Numbers(1, search), ElementsAre("INV-2", "INV-3"));
  v1::ListInvoiceSummariesRequest overdue;
  overdue.set_overdue(true);
  EXPECT_THAT(Numbers(1, overdue), testing::UnorderedElementsAre("INV-2", "INV-3"));
  search.set_page_size(1);
  const std::string token = List(search)->next_page_token();
  ASSERT_NE(token, "");
  const auto refused = [&](auto change) {
    v1::ListInvoiceSummariesRequest other = search;
    other.set_page_token(token);
    change(other);
    return ReasonOf(List(other).status());
  };
  EXPECT_EQ(refused([](auto&) {}), "");
  EXPECT_EQ(refused([](auto& other) { other.set_search("acme in"); }), "PAGE_TOKEN_INVALID");
  EXPECT_EQ(refused([](auto& other) { other.clear_search(); }), "PAGE_TOKEN_INVALID");
  EXPECT_EQ(refused([](auto& other) { other.clear_status(); }), "PAGE_TOKEN_INVALID");
  EXPECT_EQ(refused([](auto& other) { other.set_overdue(true); }), "PAGE_TOKEN_INVALID");
  for (const std::string& made_up : {std::string("\xFF\nINV-1"), std::string("acme"),
                                     std::string("acme\nINV\t1"), std::string()}) {
    search.set_page_token(
        MakePageToken(made_up, {"ListInvoiceSummaries", "northlight", "0 0 2 0 acme inv"}));
    EXPECT_EQ(ReasonOf(List(search).status()), "PAGE_TOKEN_INVALID") << made_up;
  }
}

TEST_P(InvoiceListsRpcTest, AListGoesOnBehindAnInvoiceWhoseNumberNoNewOneGets) {
  Create("INV-1");
  for (const std::string number : {"2026/", "/7", "a//b", "2026/.."}) {
    Create("INV-0");
    const absl::Status renamed = service_.writes().SubmitAndWait(
        SteadyTime::Never(), Tenants::One("northlight"), [&number](Connection& connection) {
          for (const std::string table : {"invoices", "invoice_words"}) {
            connection.sql() << "UPDATE " + table + " SET number = '" + number +
                                    "' WHERE org_id = 'northlight' AND number = 'INV-0'";
          }
          return absl::OkStatus();
        });
    ASSERT_TRUE(renamed.ok()) << renamed;
  }
  v1::ListInvoiceSummariesRequest request;
  const auto all = ElementsAre("/7", "2026/", "2026/..", "INV-1", "a//b");
  EXPECT_THAT(Numbers(1, request), all);
  request.set_search("acme");
  EXPECT_THAT(Numbers(1, request), all);
}

TEST_P(InvoiceListsRpcTest, WhatCannotBeLookedForTogetherIsRefusedWithItsField) {
  const auto field = [this](auto change) {
    v1::ListInvoiceSummariesRequest request;
    change(request);
    const auto violations = FieldViolationsOf(List(request).status());
    return violations.empty() ? std::string() : violations[0].field;
  };
  EXPECT_EQ(field([](auto& list) { list.set_search("--"); }), "search");
  EXPECT_EQ(field([](auto& list) { list.set_status(static_cast<v1::InvoiceStatus>(9)); }),
            "status");
  EXPECT_EQ(field([](auto& list) {
              list.set_overdue(true);
              list.set_status(v1::INVOICE_STATUS_PAID);
            }),
            "status");
  EXPECT_EQ(field([](auto& list) {
              list.set_search("acme");
              list.set_order(v1::INVOICE_ORDER_ACTIVITY);
            }),
            "order");
}

}  // namespace
}  // namespace marginalia
