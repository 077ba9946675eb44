#include "gateway/upstream/invoice_json.h"

#include <gtest/gtest.h>

#include <cstdint>

#include "tests/gateway/checked_json.h"

namespace marginalia {
namespace {

// What a double holds exactly, and therefore every reader of JSON.
constexpr std::int64_t kJsonIntegerMax = 9'007'199'254'740'991;

namespace json = boost::json;

invoices::v1::GetInvoiceResponse SampleInvoice() {
  invoices::v1::GetInvoiceResponse answer;
  invoices::v1::Invoice& invoice = *answer.mutable_invoice();
  invoice.set_invoice_id("00000000-0000-4000-8000-000000000001");
  invoice.set_number("INV-1042");
  invoice.mutable_customer()->set_name("Acme \"Corp\"");
  invoice.set_terms("Net 30");
  invoice.set_due_date("2026-06-30");
  invoice.set_currency("USD");
  auto& item = *invoice.add_line_items();
  item.set_description("Discount");
  item.set_amount(-480000);
  invoice.set_total(1200000);
  invoice.set_status(invoices::v1::INVOICE_STATUS_SENT);
  invoice.set_version(3);
  invoice.set_etag("\"v3\"");
  answer.mutable_summary()->set_status(invoices::v1::INVOICE_STATUS_SENT);
  answer.mutable_summary()->set_version(3);
  answer.mutable_summary()->set_comment_count(0);
  answer.mutable_summary()->set_total(kJsonIntegerMax);
  answer.mutable_freshness()->set_as_of_token("token");
  answer.mutable_freshness()->mutable_lag()->set_seconds(12);
  answer.mutable_freshness()->mutable_lag()->set_nanos(3'456'789);
  return answer;
}

TEST(InvoiceJsonTest, AnInvoiceTellsMoneyInMinorUnitsAndItsStatusByName) {
  const json::value shown = CheckedJson("InvoiceAnswer", ToJson(SampleInvoice()).json);
  EXPECT_EQ(shown.at("invoice").at("total").as_int64(), 1200000);
  EXPECT_EQ(shown.at("invoice").at("currency"), "USD");
  EXPECT_EQ(shown.at("invoice").at("status"), "SENT");
  EXPECT_EQ(shown.at("invoice").at("lineItems").at(0).at("amount").as_int64(), -480000);
  EXPECT_EQ(shown.at("summary").at("total").as_int64(), kJsonIntegerMax);
  EXPECT_TRUE(shown.at("summary").at("lastCommentTime").is_null());
  EXPECT_EQ(shown.at("freshness").at("lag"), "12.003s");
}

TEST(InvoiceJsonTest, OnlyTheFreshnessStandsBehindItsOffset) {
  invoices::v1::GetInvoiceResponse answer = SampleInvoice();
  const JsonWithFreshness before = ToJson(answer);
  answer.mutable_freshness()->mutable_lag()->set_seconds(99);
  answer.mutable_freshness()->set_as_of_token("another");
  const JsonWithFreshness after = ToJson(answer);
  EXPECT_NE(before.json, after.json);
  EXPECT_EQ(before.json.substr(0, before.freshness_offset),
            after.json.substr(0, after.freshness_offset));
  answer.mutable_summary()->set_comment_count(4);
  const JsonWithFreshness changed = ToJson(answer);
  EXPECT_NE(changed.json.substr(0, changed.freshness_offset),
            after.json.substr(0, after.freshness_offset));
}

TEST(InvoiceJsonTest, ACountThatNobodyKnowsIsAbsent) {
  invoices::v1::GetInvoiceResponse answer = SampleInvoice();
  answer.mutable_summary()->clear_comment_count();
  answer.mutable_summary()->clear_last_comment_time();
  answer.mutable_summary()->clear_last_author_name();
  answer.clear_freshness();
  const json::value shown = CheckedJson("InvoiceAnswer", ToJson(answer).json);
  for (const char* name : {"commentCount", "lastCommentTime", "lastAuthorName"}) {
    EXPECT_FALSE(shown.at("summary").as_object().contains(name)) << name;
  }
  EXPECT_TRUE(shown.at("freshness").as_object().empty());
}

TEST(InvoiceJsonTest, APageOfSummariesReadsBack) {
  invoices::v1::ListInvoiceSummariesResponse page;
  *page.add_summaries() = SampleInvoice().summary();
  page.mutable_summaries(0)->set_comment_count(3);
  page.mutable_summaries(0)->mutable_last_comment_time()->set_seconds(1);
  page.mutable_summaries(0)->set_last_author_name("Dana");
  *page.add_summaries() = SampleInvoice().summary();
  page.set_next_page_token("next");
  const json::value shown = CheckedJson("InvoiceSummaryPage", ToJson(page, {}).json);
  EXPECT_EQ(shown.at("summaries").as_array().size(), 2U);
  EXPECT_EQ(shown.at("summaries").at(0).at("lastCommentTime"), "1970-01-01T00:00:01.000000Z");
  EXPECT_EQ(shown.at("nextCursor"), "next");
}

}  // namespace
}  // namespace marginalia
