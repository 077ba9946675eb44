// Read marks, unread counts and mentions over HTTP.
#include <gmock/gmock.h>

#include <string>

#include "services/errors/errors.h"
#include "tests/gateway/gateway_fixture.h"

namespace marginalia {
namespace {

class ReadersApiTest : public GatewayFixture {
 protected:
  ReadersApiTest() {
    invoices::v1::Invoice invoice;
    invoice.set_invoice_id(kInvoiceId);
    invoice.set_number(kInvoiceNumber);
    invoice.mutable_customer()->set_name("Acme Corp");
    invoice.set_currency("USD");
    invoice.set_due_date("2026-06-30");
    invoice.set_status(invoices::v1::INVOICE_STATUS_SENT);
    invoice.set_version(2);
    invoices_->Add(kOrg, invoice, 3);
    StartGateway();
    AwaitReady();
  }

  boost::json::object SummaryFor(const std::string& user) {
    const HttpAnswer page = Get("/api/invoices", As(user));
    EXPECT_EQ(page.status, 200) << page.body;
    return Json(page).at("summaries").as_array().at(0).as_object();
  }
  HttpAnswer MarkRead(const std::string& body) {
    return Post(std::string("/api/invoices/") + kInvoiceId + "/read", body);
  }
};

TEST_F(ReadersApiTest, TheListSaysWhatIsUnreadUntilItIsMarkedRead) {
  comments_->Post(kOrg, kInvoiceId, "one");
  comments_->Post(kOrg, kInvoiceId, "two");
  boost::json::object summary = SummaryFor("dana");
  EXPECT_EQ(summary.at("unreadCount"), 2);
  EXPECT_EQ(summary.at("mentioned"), false);
  const HttpAnswer marked = MarkRead(R"({"sequence":1})");
  ASSERT_EQ(marked.status, 200) << marked.body;
  EXPECT_EQ(boost::json::serialize(Json(marked)),
            std::string(R"({"readState":{"invoiceId":")") + kInvoiceId +
                R"(","readSequence":1,"newestSequence":2,"unreadCount":1,"mentioned":false}})");
  EXPECT_EQ(SummaryFor("dana").at("unreadCount"), 1);
  EXPECT_EQ(SummaryFor("sam").at("unreadCount"), 2);
  EXPECT_EQ(MarkRead(R"({"sequence":99})").status, 200);
  EXPECT_EQ(SummaryFor("dana").at("unreadCount"), 0);
}

TEST_F(ReadersApiTest, WithoutAnAnswerWhatIsUnreadIsAbsentAndNever0) {
  comments_->Post(kOrg, kInvoiceId, "one");
  comments_->FailNext(absl::InternalError("x"));
  EXPECT_FALSE(SummaryFor("dana").contains("unreadCount"));
  comments_->Hold(true);
  const boost::json::object summary = SummaryFor("dana");
  comments_->Hold(false);
  EXPECT_FALSE(summary.contains("unreadCount"));
  EXPECT_FALSE(summary.contains("mentioned"));
  comments_->Stop();
  EXPECT_FALSE(SummaryFor("dana").contains("unreadCount"));
}

TEST_F(ReadersApiTest, AMarkThatIsNoneIsRefusedByItsField) {
  for (const char* body :
       {"{}", R"({"sequence":"1"})", R"({"sequence":1.5})", R"({"sequence":0})"}) {
    const HttpAnswer answer = MarkRead(body);
    EXPECT_EQ(answer.status, 400) << body;
    EXPECT_EQ(Json(answer).at("errors").as_array().at(0).at("field"), "sequence") << body;
  }
  EXPECT_EQ(MarkRead(R"({"sequence":1,"user":"sam"})").status, 400);
  EXPECT_EQ(Post("/api/invoices/INV-9/read", R"({"sequence":1})").status, 404);
}

TEST_F(ReadersApiTest, WhomACommentMentionsGoesInAndComesOut) {
  const HttpAnswer added = Post(kThread, R"({"body":"Sam?","mentions":["sam","priya"]})");
  ASSERT_EQ(added.status, 201) << added.body;
  EXPECT_EQ(Json(added).at("comment").at("mentions"), boost::json::value({"sam", "priya"}));
  ASSERT_EQ(Post(kThread, R"({"body":"Nobody."})").status, 201);
  EXPECT_FALSE(Json(Get(kThread)).at("comments").as_array().at(0).as_object().contains("mentions"));
  EXPECT_EQ(SummaryFor("sam").at("mentioned"), true);
  const HttpAnswer mentions = Get("/api/activity?mentioning=me", As("sam"));
  ASSERT_EQ(mentions.status, 200) << mentions.body;
  ASSERT_EQ(Json(mentions).at("comments").as_array().size(), 1U);
  EXPECT_EQ(Json(mentions).at("comments").as_array().at(0).at("body"), "Sam?");
  EXPECT_EQ(Json(Get("/api/activity?mentioning=me", As("alex"))).at("comments").as_array().size(),
            0U);
  const HttpAnswer other = Get("/api/activity?mentioning=sam");
  EXPECT_EQ(other.status, 400);
  EXPECT_EQ(Json(other).at("errors").as_array().at(0).at("field"), "mentioning");
  const HttpAnswer wrong = Post(kThread, R"({"body":"x","mentions":"sam"})");
  EXPECT_EQ(Json(wrong).at("errors").as_array().at(0).at("field"), "mentions");
}

TEST_F(ReadersApiTest, ThePagesShowWhatIsUnreadAndWhoIsMentioned) {
  const auto page = [this](const std::string& target, const std::string& user) {
    const HttpAnswer answer = client_->Get(target, As(user));
    EXPECT_EQ(answer.status, 200) << target;
    return answer.body;
  };
  const std::string invoice = std::string("/invoices/") + kInvoiceNumber;
  comments_->AddInvoice(kOrg, kInvoiceId, kInvoiceNumber);
  comments_->Post(kOrg, kInvoiceId, "seen");
  ASSERT_EQ(MarkRead(R"({"sequence":1})").status, 200);
  comments_->Post(kOrg, kInvoiceId, "new");
  ASSERT_EQ(Post(kThread, R"({"body":"Dana?","mentions":["dana"]})", As("sam")).status, 201);
  EXPECT_THAT(page("/invoices", "dana"), testing::HasSubstr("2 unread · mentions you"));
  EXPECT_THAT(page("/invoices", "sam"), testing::HasSubstr("2 unread<"));
  const std::string thread = page(invoice, "dana");
  EXPECT_THAT(thread, testing::HasSubstr("data-sequence=\"1\" data-seen=\"New since your last"));
  EXPECT_THAT(thread, testing::HasSubstr("data-sequence=\"3\" data-mention"));
  EXPECT_THAT(thread, testing::HasSubstr("\"readSequence\":1"));
  EXPECT_THAT(page("/invoices?activity=mentions", "dana"), testing::HasSubstr("Dana?"));
  EXPECT_THAT(page("/invoices?activity=mentions", "sam"),
              testing::HasSubstr("Nobody has mentioned you yet."));
  EXPECT_THAT(page("/invoices?activity=open", "dana"), testing::HasSubstr("Mentions of you"));
  comments_->FailNext(absl::InternalError("x"));
  EXPECT_THAT(page("/invoices", "dana"), testing::Not(testing::HasSubstr("unread-badge")));
}

TEST_F(ReadersApiTest, PeopleAreFoundByHowANameBegins) {
  const HttpAnswer found = Get("/api/people?prefix=pri");
  ASSERT_EQ(found.status, 200) << found.body;
  EXPECT_EQ(boost::json::serialize(Json(found)),
            R"({"people":[{"userId":"priya","displayName":"Name of priya"}]})");
  EXPECT_EQ(Json(Get("/api/people?prefix=x")).at("people").as_array().size(), 0U);
  EXPECT_EQ(Get("/api/people?limit=0").status, 400);
}

}  // namespace
}  // namespace marginalia
