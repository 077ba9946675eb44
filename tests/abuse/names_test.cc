// One rule at every door: for an invoice's number, for what cannot be seen, for names and ids.
#include <gmock/gmock.h>
#include <grpcpp/client_context.h>
#include <gtest/gtest.h>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <string>

#include "absl/strings/str_cat.h"
#include "services/errors/errors.h"
#include "services/rpc/grpc_status.h"
#include "tests/abuse/abuse_test.h"

namespace marginalia {
namespace {

namespace json = boost::json;
using ::testing::HasSubstr;
using ::testing::Not;

class NamesTest : public AbuseTest {
 protected:
  // What is wrong with an invoice of this number, or OK when there is one now.
  absl::Status Create(const std::string& number) {
    invoices::v1::CreateInvoiceRequest request;
    invoices::v1::Invoice& invoice = *request.mutable_invoice();
    invoice.set_number(number);
    invoice.mutable_customer()->set_name("Acme Corp");
    invoice.set_due_date("2026-06-30");
    invoice.set_currency("USD");
    invoice.add_line_items()->set_description("Design review");
    grpc::ClientContext context;
    processes().Prepare(context, Token());
    invoices::v1::CreateInvoiceResponse response;
    return FromGrpc(processes().invoices_stub().CreateInvoice(&context, request, &response));
  }
  absl::Status Add(const std::string& invoice_id, const std::string& comment_id,
                   const std::string& body) {
    comments::v1::AddCommentRequest request;
    request.set_invoice_id(invoice_id);
    request.set_comment_id(comment_id);
    request.set_body(body);
    grpc::ClientContext context;
    processes().Prepare(context, Token());
    comments::v1::AddCommentResponse response;
    return FromGrpc(processes().comments_stub().AddComment(&context, request, &response));
  }
};

TEST_F(NamesTest, ANumberWithASlashAddressesItsInvoiceAtEveryDoor) {
  ASSERT_TRUE(Create("2026/0017").ok());
  EXPECT_TRUE(Add("2026/0017", "", "by number").ok());
  const std::string api = "/api/invoices/2026%2F0017";
  EXPECT_EQ(Post(api + "/comments", R"({"body":"by HTTP"})").status, 201);
  const HttpAnswer comments = Get(api + "/comments");
  ASSERT_EQ(comments.status, 200) << comments.body;
  EXPECT_EQ(json::parse(comments.body).at("totalSize").as_int64(), 2);
  const HttpAnswer invoice = Get(api);
  ASSERT_EQ(invoice.status, 200) << invoice.body;
  EXPECT_EQ(json::parse(invoice.body).at("invoice").at("number"), "2026/0017");
  const HttpAnswer page = Get("/invoices/2026%2F0017");
  EXPECT_EQ(page.status, 200);
  EXPECT_THAT(page.body, HasSubstr("by HTTP"));
  EXPECT_THAT(Get("/invoices").body, HasSubstr("href=\"/invoices/2026%2F0017\""));
  const HttpAnswer posted = client_.SendRaw(absl::StrCat(
      "POST /invoices/2026%2F0017/comments HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ", Token(),
      "\r\nContent-Type: application/x-www-form-urlencoded\r\n",
      "Content-Length: 12\r\n\r\nbody=by+form"));
  EXPECT_EQ(posted.status, 303) << posted.body;
  comments::v1::WatchEventsRequest request;
  request.set_from_beginning(true);
  request.set_invoice_id(
      json::parse(invoice.body).at("invoice").at("invoiceId").as_string().c_str());
  grpc::ClientContext context;
  processes().Prepare(context, Token());
  const auto watch = processes().comments_stub().WatchEvents(&context, request);
  int events = 0;
  for (comments::v1::WatchEventsResponse message; events < 3 && watch->Read(&message);) {
    events += message.events_size();
  }
  EXPECT_EQ(events, 3);
  context.TryCancel();
}

TEST_F(NamesTest, ANumberThatCannotBeAddressedIsRefusedAtCreation) {
  for (const std::string& number : {std::string("."), std::string(".."), std::string("2026/.."),
                                    std::string("/2026"), std::string("2026/"), std::string("a//b"),
                                    std::string(), std::string("a\nb"), std::string(41, '1')}) {
    const absl::Status refused = Create(number);
    EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument) << number;
    ASSERT_EQ(FieldViolationsOf(refused).size(), 1U) << number;
    EXPECT_EQ(FieldViolationsOf(refused)[0].field, "invoice.number") << number;
  }
}

TEST_F(NamesTest, ABodyThatNobodySeesIsBlankAtEveryDoor) {
  for (const char* body : {"\u200B", "\uFEFF", "\u2060", "\u3164", "\u2800", "\u00AD", "\uFE0F",
                           "\U000E0041", "\u115F \uFFA0", "\u2065"}) {
    const absl::Status added = Add(invoice_, "", body);
    ASSERT_EQ(FieldViolationsOf(added).size(), 1U) << body << added;
    EXPECT_EQ(FieldViolationsOf(added)[0].field, "body");
    const HttpAnswer by_json = Post(thread_, absl::StrCat(R"({"body":")", body, "\"}"));
    EXPECT_EQ(by_json.status, 400) << body;
    EXPECT_THAT(by_json.body, HasSubstr("must not be blank"));
    const HttpAnswer by_form =
        client_.Post("/invoices/" + invoice_ + "/comments", absl::StrCat("body=", body),
                     {{"Authorization", "Bearer " + Token()},
                      {"Content-Type", "application/x-www-form-urlencoded"}});
    EXPECT_EQ(by_form.status, 400) << body;
  }
  EXPECT_EQ(CommentCount(), 0);
}

TEST_F(NamesTest, ANilOrMaxCommentIdIsRefusedAtEveryDoor) {
  for (const char* id :
       {"00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"}) {
    const absl::Status added = Add(invoice_, id, "hello");
    ASSERT_EQ(FieldViolationsOf(added).size(), 1U) << id << added;
    EXPECT_EQ(FieldViolationsOf(added)[0].field, "comment_id");
    const HttpAnswer posted = Post(thread_, absl::StrCat(R"({"body":"a","id":")", id, "\"}"));
    EXPECT_EQ(posted.status, 400) << id;
    EXPECT_THAT(posted.body, HasSubstr("\"field\":\"id\""));
  }
  EXPECT_EQ(CommentCount(), 0);
}

TEST_F(NamesTest, ATokenThatIsBadInOneClaimIsRefusedWithThatReason) {
  const std::pair<const char*, json::value> bad[] = {{"name", "\u3164"},
                                                     {"name", "Dana\nScully"},
                                                     {"exp", 1e20},
                                                     {"sub", json::string("a\0b", 3)}};
  for (const auto& [claim, value] : bad) {
    json::object claims = GoodClaims();
    claims[claim] = value;
    const HttpAnswer answer = client_.Get(thread_, Bearing(Signed(GoodHeader(), claims)));
    EXPECT_EQ(answer.status, 401) << claim;
    EXPECT_THAT(answer.body, HasSubstr(absl::StrCat("claim ", claim)));
    EXPECT_THAT(answer.body, Not(HasSubstr("signature")));
  }
}

}  // namespace
}  // namespace marginalia
