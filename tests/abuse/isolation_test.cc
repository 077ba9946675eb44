// What belongs to another tenant answers like what does not exist, to the byte.
#include <gmock/gmock.h>

#include <boost/json/parse.hpp>
#include <functional>
#include <limits>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "services/errors/errors.h"
#include "services/rpc/grpc_status.h"
#include "services/tokens/page_token.h"
#include "tests/abuse/abuse_test.h"

namespace marginalia {
namespace {

namespace json = boost::json;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kNobodysInvoice[] = "3f333df6-90a4-4fda-8dd3-9485d27cee36";
constexpr char kNobodysComment[] = "0f0e0d0c-90a4-4fda-8dd3-9485d27cee36";

class IsolationTest : public AbuseTest {
 protected:
  IsolationTest() {
    const HttpAnswer posted = Post(thread_, R"({"body":"ours"})");
    EXPECT_EQ(posted.status, 201) << posted.body;
    Post(thread_, R"({"body":"ours too"})");
    const json::value answer = json::parse(posted.body);
    comment_ = answer.at("comment").at("commentId").as_string();
    consistency_token_ = answer.at("consistencyToken").as_string();
    const json::value page = json::parse(Get(thread_ + "?limit=1").body);
    cursor_ = page.at("nextCursor").as_string();
    // A tenant of its own, who has the same number as well.
    processes().NewInvoice("INV-7", rival_);
  }

  std::string RivalToken() const { return processes().Token("mallory", "admin", rival_); }

  // The whole answer, but for its date, with `id` where it says what was asked for.
  std::string AnswerTo(const std::string& method, const std::string& target, const std::string& id,
                       const std::string& header = "", const std::string& body = "") {
    std::string answer = Say(absl::StrCat(
        method, " ", target, " HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-Request-Id: one\r\n",
        "Authorization: Bearer ", RivalToken(), "\r\n", header,
        body.empty() ? ""
                     : absl::StrCat("Content-Type: application/json\r\nContent-Length: ",
                                    body.size(), "\r\n"),
        "\r\n", body));
    const std::size_t date = answer.find("\r\nDate: ");
    answer.erase(date, answer.find("\r\n", date + 2) - date);
    return id.empty() ? answer : absl::StrReplaceAll(answer, {{id, "<id>"}});
  }

  // The outcome of a call with everything that comes with it.
  using Call = std::function<grpc::Status(grpc::ClientContext&)>;
  std::string OutcomeOf(const std::string& id, const Call& call) {
    grpc::ClientContext context;
    processes().Prepare(context, RivalToken());
    context.AddMetadata("x-request-id", "one");
    const grpc::Status status = call(context);
    return absl::StrReplaceAll(
        absl::StrCat(status.error_code(), " ", status.error_message(), " ", status.error_details()),
        {{id, "<id>"}});
  }

  const std::string rival_ = org_ + "-rival";
  std::string comment_;
  std::string consistency_token_;
  std::string cursor_;
};

TEST_F(IsolationTest, AnotherTenantsInvoiceIsOneThatDoesNotExist) {
  for (const char* rest : {"", "/comments", "/events", "/evidence"}) {
    const auto answer_to = [&](const std::string& id) {
      return AnswerTo("GET", absl::StrCat("/api/invoices/", id, rest), id);
    };
    EXPECT_EQ(answer_to(invoice_), answer_to(kNobodysInvoice)) << rest;
    EXPECT_EQ(StatusOf(answer_to(invoice_)), 404);
    // By its number, which the other tenant has as well.
    EXPECT_EQ(answer_to("INV-1042"), answer_to("INV-9999")) << rest;
  }
  const auto post_to = [&](const std::string& id) {
    return AnswerTo("POST", absl::StrCat("/api/invoices/", id, "/comments"), id, "",
                    R"({"body":"let me in"})");
  };
  EXPECT_EQ(post_to(invoice_), post_to(kNobodysInvoice));
  EXPECT_EQ(StatusOf(post_to(invoice_)), 404);
  for (const char* rest : {"", "/summary"}) {
    const auto page_of = [&](const std::string& id) {
      return AnswerTo("GET", absl::StrCat("/invoices/", id, rest), id);
    };
    EXPECT_EQ(page_of(invoice_), page_of(kNobodysInvoice)) << rest;
    EXPECT_EQ(StatusOf(page_of(invoice_)), 404);
  }
  EXPECT_EQ(CommentCount(), 2);
}

TEST_F(IsolationTest, AnotherTenantsCommentIsOneThatDoesNotExist) {
  const auto get = [&](const std::string& invoice, const std::string& comment) {
    const std::string outcome = OutcomeOf(comment, [&](grpc::ClientContext& context) {
      comments::v1::GetCommentRequest request;
      request.set_invoice_id(invoice);
      request.set_comment_id(comment);
      comments::v1::GetCommentResponse response;
      return processes().comments_stub().GetComment(&context, request, &response);
    });
    return absl::StrReplaceAll(outcome, {{invoice, "<invoice>"}});
  };
  EXPECT_EQ(get(invoice_, comment_), get(kNobodysInvoice, kNobodysComment));
  EXPECT_EQ(get("INV-7", comment_), get("INV-7", kNobodysComment));
  EXPECT_THAT(get(invoice_, comment_), HasSubstr("NOT_FOUND"));
}

TEST_F(IsolationTest, AnotherTenantsCommentIdIsFree) {
  grpc::ClientContext context;
  processes().Prepare(context, RivalToken());
  comments::v1::AddCommentRequest request;
  request.set_invoice_id("INV-7");
  request.set_comment_id(comment_);
  request.set_body("mine");
  comments::v1::AddCommentResponse response;
  const grpc::Status status = processes().comments_stub().AddComment(&context, request, &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_FALSE(response.replayed());
  EXPECT_EQ(response.comment().sequence(), 1);
  EXPECT_EQ(CommentCount(), 2);
}

TEST_F(IsolationTest, AnotherTenantsInvoiceCannotBeChanged) {
  const auto refused = [&](const std::string& id) {
    std::string outcomes = OutcomeOf(id, [&](grpc::ClientContext& context) {
      invoices::v1::SendInvoiceRequest request;
      request.set_invoice_id(id);
      invoices::v1::SendInvoiceResponse response;
      return processes().invoices_stub().SendInvoice(&context, request, &response);
    });
    outcomes += OutcomeOf(id, [&](grpc::ClientContext& context) {
      invoices::v1::VoidInvoiceRequest request;
      request.set_invoice_id(id);
      invoices::v1::VoidInvoiceResponse response;
      return processes().invoices_stub().VoidInvoice(&context, request, &response);
    });
    outcomes += OutcomeOf(id, [&](grpc::ClientContext& context) {
      invoices::v1::BatchGetInvoiceSummariesRequest request;
      request.add_invoice_ids(id);
      invoices::v1::BatchGetInvoiceSummariesResponse response;
      return processes().invoices_stub().BatchGetInvoiceSummaries(&context, request, &response);
    });
    return outcomes;
  };
  EXPECT_EQ(refused(invoice_), refused(kNobodysInvoice));
  EXPECT_THAT(Get("/api/invoices/" + invoice_).body, HasSubstr("\"status\":\"DRAFT\""));
}

TEST_F(IsolationTest, AnotherTenantsCursorIsOneThatIsMadeUp) {
  const std::string thread = "/api/invoices/INV-7/comments?cursor=";
  const auto answer_to = [&](const std::string& target, const std::string& token) {
    return AnswerTo("GET", target + token, token);
  };
  const std::string made_up(cursor_.size(), 'A');
  EXPECT_EQ(answer_to(thread, cursor_), answer_to(thread, made_up));
  EXPECT_THAT(answer_to(thread, cursor_), HasSubstr("PAGE_TOKEN_INVALID"));
  EXPECT_EQ(answer_to("/api/activity?cursor=", cursor_),
            answer_to("/api/activity?cursor=", made_up));
  EXPECT_EQ(answer_to("/api/invoices?cursor=", cursor_),
            answer_to("/api/invoices?cursor=", made_up));
}

TEST_F(IsolationTest, AnotherTenantsPlaceAndTokenAreOnesThatAreMadeUp) {
  const std::string made_up(consistency_token_.size(), 'A');
  const auto resumed = [&](const std::string& token) {
    return AnswerTo("GET", "/api/invoices/INV-7/events", token,
                    absl::StrCat("Last-Event-ID: ", token, "\r\n"));
  };
  EXPECT_EQ(resumed(consistency_token_), resumed(made_up));
  EXPECT_THAT(resumed(consistency_token_), HasSubstr("RESUME_TOKEN_INVALID"));
  const auto fresh = [&](const std::string& token) {
    return AnswerTo("GET", "/api/invoices/INV-7?consistency=" + token, token);
  };
  EXPECT_EQ(fresh(consistency_token_), fresh(made_up));
  EXPECT_EQ(StatusOf(fresh(consistency_token_)), 400);
  const auto watched = [&](const std::string& token) {
    return OutcomeOf(token, [&](grpc::ClientContext& context) {
      comments::v1::WatchEventsRequest request;
      request.set_after_token(token);
      comments::v1::WatchEventsResponse response;
      const auto reader = processes().comments_stub().WatchEvents(&context, request);
      while (reader->Read(&response)) {
      }
      return reader->Finish();
    });
  };
  EXPECT_EQ(watched(consistency_token_), watched(made_up));
}

TEST_F(IsolationTest, AWatchOfAnotherTenantsInvoiceIsOneOfNone) {
  const auto watched = [&](const std::string& id) {
    return OutcomeOf(id, [&](grpc::ClientContext& context) {
      comments::v1::WatchEventsRequest request;
      request.set_from_beginning(true);
      request.set_invoice_id(id);
      comments::v1::WatchEventsResponse response;
      const auto reader = processes().comments_stub().WatchEvents(&context, request);
      // Were it let in, a checkpoint would follow within a second.
      if (reader->Read(&response)) context.TryCancel();
      return reader->Finish();
    });
  };
  EXPECT_EQ(watched(invoice_), watched(kNobodysInvoice));
}

// Made with the processes' own key: even then a token grants nothing.
TEST_F(IsolationTest, AForgedCursorOpensNothingAndBreaksNothing) {
  const std::string last = std::to_string(std::numeric_limits<std::int64_t>::max());
  for (const std::string& cursor :
       {std::string("n") + last, std::string("o") + last, std::string("n0"), std::string("o-1"),
        std::string("o\0", 2), std::string("\xFF"), std::string("'; DROP TABLE comments; --"),
        std::string(300, '9')}) {
    const std::string of_thread = MakePageToken(cursor, {"ListComments", rival_, "INV-7"});
    const std::string of_activity = MakePageToken(cursor, {"ListRecentComments", rival_});
    const std::string of_list = MakePageToken(cursor, {"ListInvoiceSummaries", rival_});
    for (const std::string& target :
         {"/api/invoices/INV-7/comments?cursor=" + of_thread, "/api/activity?cursor=" + of_activity,
          "/api/invoices?cursor=" + of_list}) {
      const std::string answer = AnswerTo("GET", target, "");
      EXPECT_TRUE(StatusOf(answer) == 200 || StatusOf(answer) == 400) << target << answer;
      EXPECT_THAT(answer, Not(HasSubstr("ours")));
    }
  }
}

}  // namespace
}  // namespace marginalia
