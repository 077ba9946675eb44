// The real three processes, used as their users use them.
#include <grpcpp/create_channel.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "services/errors/errors.h"
#include "services/rpc/grpc_status.h"
#include "tests/end_to_end/one_retry.h"
#include "tests/support/await.h"
#include "tests/support/http_client.h"
#include "tests/support/three_processes.h"

namespace marginalia {
namespace {

namespace json = boost::json;

constexpr char kCommentId[] = "6f1e0a52-52b4-4d0c-9a65-3b4c8f7a9d10";

class EndToEndTest : public testing::Test {
 protected:
  HttpClient::Headers Authorization(const std::string& user, const std::string& role,
                                    const std::string& org = "northlight") {
    return {{"Authorization", "Bearer " + processes_.Token(user, role, org)}};
  }

  HttpAnswer Post(const std::string& body, const std::string& id = "") {
    json::object comment = {{"body", body}};
    if (!id.empty()) comment["id"] = id;
    return client_.Post(thread_, json::serialize(comment), Authorization("dana", "member"));
  }

  HttpAnswer Change(const std::string& method, const std::string& path, const std::string& body,
                    const std::string& if_match, const std::string& user,
                    const std::string& role = "member", const std::string& org = "northlight") {
    return client_.SendRaw(
        absl::StrCat(method, " ", path, " HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ",
                     processes_.Token(user, role, org), "\r\nContent-Type: application/json\r\n",
                     if_match.empty() ? "" : absl::StrCat("If-Match: ", if_match, "\r\n"),
                     "Content-Length: ", body.size(), "\r\n\r\n", body));
  }

  static json::value Parsed(const HttpAnswer& answer) { return json::parse(answer.body); }

  std::int64_t CountWith(const std::string& token) {
    const HttpAnswer answer = WithOneRetry([&] {
      return client_.Get(absl::StrCat("/api/invoices/", invoice_, "?consistency=", token),
                         Authorization("sam", "viewer"));
    });
    EXPECT_EQ(answer.status, 200) << answer.body;
    return answer.status == 200 ? Parsed(answer).at_pointer("/summary/commentCount").as_int64()
                                : -1;
  }

  ThreeProcesses processes_;
  HttpClient client_{processes_.gateway_front().address()};
  const std::string invoice_ = processes_.NewInvoice("INV-1042");
  const std::string thread_ = absl::StrCat("/api/invoices/", invoice_, "/comments");
};

TEST_F(EndToEndTest, APostedCommentIsListedCountedAuditedAndSurvivesKill9) {
  const HttpAnswer posted = Post("Customer disputes the design-review line.", kCommentId);
  ASSERT_EQ(posted.status, 201) << posted.body;
  const std::string token(Parsed(posted).at("consistencyToken").as_string());
  EXPECT_EQ(CountWith(token), 1);
  processes_.comments().Kill();
  processes_.invoices().Kill();
  processes_.StartComments();
  processes_.StartInvoices();
  const HttpAnswer page =
      WithOneRetry([&] { return client_.Get(thread_, Authorization("sam", "viewer")); });
  ASSERT_EQ(page.status, 200) << page.body;
  const json::value listed = Parsed(page).at_pointer("/comments/0");
  EXPECT_EQ(listed.at("commentId"), kCommentId);
  EXPECT_EQ(listed, Parsed(posted).at("comment"));
  EXPECT_EQ(CountWith(token), 1);
  comments::v1::ListAuditEntriesResponse audit;
  const grpc::Status status =
      processes_.WithOneRetry(processes_.Token("alex", "admin"), [&](grpc::ClientContext& context) {
        return processes_.comments_stub().ListAuditEntries(&context, {}, &audit);
      });
  ASSERT_TRUE(status.ok()) << status.error_message();
  ASSERT_EQ(audit.entries_size(), 1);
  EXPECT_EQ(audit.entries(0).comment_id(), kCommentId);
  EXPECT_EQ(audit.entries(0).actor_id(), "dana");
}

TEST_F(EndToEndTest, ARetryThroughEitherDoorAnswersWithTheSameComment) {
  const HttpAnswer first = Post("once", kCommentId);
  ASSERT_EQ(first.status, 201) << first.body;
  const HttpAnswer again = Post("once", kCommentId);
  EXPECT_EQ(again.status, 200) << again.body;
  EXPECT_EQ(Parsed(again).at("comment"), Parsed(first).at("comment"));

  grpc::ClientContext context;
  processes_.Prepare(context, processes_.Token("dana", "member"));
  comments::v1::AddCommentRequest request;
  request.set_invoice_id(invoice_);
  request.set_comment_id(kCommentId);
  request.set_body("once");
  comments::v1::AddCommentResponse answer;
  ASSERT_TRUE(processes_.comments_stub().AddComment(&context, request, &answer).ok());
  EXPECT_TRUE(answer.replayed());
  EXPECT_EQ(answer.comment().sequence(), 1);

  const HttpAnswer reused = Post("something else", kCommentId);
  EXPECT_EQ(reused.status, 409);
  EXPECT_EQ(Parsed(reused).at("reason"), "COMMENT_ID_REUSED");
}

TEST_F(EndToEndTest, AnUnchangedThreadIsNotModifiedAndOnesOwnPostIsSeenAtOnce) {
  ASSERT_EQ(Post("first").status, 201);
  const auto viewer = Authorization("sam", "viewer");
  const HttpAnswer page = client_.Get(thread_, viewer);
  ASSERT_EQ(page.status, 200);
  auto conditional = viewer;
  conditional.emplace_back("If-None-Match", page.headers.at("etag"));
  const HttpAnswer unchanged = client_.Get(thread_, conditional);
  EXPECT_EQ(unchanged.status, 304);
  EXPECT_EQ(unchanged.body, "");
  ASSERT_EQ(Post("second").status, 201);
  const HttpAnswer changed = client_.Get(thread_, conditional);
  ASSERT_EQ(changed.status, 200);
  EXPECT_EQ(Parsed(changed).at("totalSize").as_int64(), 2);
}

TEST_F(EndToEndTest, ACommentPostedByGrpcArrivesOnABrowsersStreamWhichResumesWithoutAGap) {
  const std::string events = absl::StrCat("/api/invoices/", invoice_, "/events");
  HttpClient browser(processes_.gateway_front().address());
  ASSERT_EQ(browser.OpenStream(events, Authorization("sam", "viewer")).status, 200);
  std::string last_id;
  std::vector<std::string> seen;
  const auto read_until = [&](std::size_t count) {
    while (seen.size() < count) {
      const auto event = browser.NextEvent();
      ASSERT_TRUE(event.has_value()) << "the stream ended after " << seen.size();
      if (!event->id.empty()) last_id = event->id;
      if (event->event == "comment_added") {
        // The comment stands in the data, alone or beside the thread's size.
        const json::object data = json::parse(event->data).as_object();
        const json::value& comment =
            data.contains("comment") ? data.at("comment") : json::value(data);
        seen.emplace_back(comment.at("body").as_string());
      }
    }
  };
  ASSERT_EQ(Post("one").status, 201);
  read_until(1);
  browser.Close();
  ASSERT_EQ(Post("two").status, 201);
  processes_.gateway().Kill();
  processes_.StartGateway();
  ASSERT_EQ(Post("three").status, 201);
  auto resuming = Authorization("sam", "viewer");
  resuming.emplace_back("Last-Event-ID", last_id);
  ASSERT_EQ(browser.OpenStream(events, resuming).status, 200);
  read_until(3);
  ASSERT_EQ(Post("four").status, 201);
  read_until(4);
  EXPECT_EQ(seen, (std::vector<std::string>{"one", "two", "three", "four"}));
}

TEST_F(EndToEndTest, AnotherTenantsInvoiceAnswersLikeOneThatDoesNotExist) {
  const auto mallory = Authorization("mallory", "admin", "rivalworks");
  const std::string made_up = "3f333df6-90a4-4fda-8dd3-9485d27cee36";
  for (const char* rest : {"", "/comments", "/events"}) {
    const HttpAnswer theirs = client_.Get(absl::StrCat("/api/invoices/", invoice_, rest), mallory);
    const HttpAnswer none = client_.Get(absl::StrCat("/api/invoices/", made_up, rest), mallory);
    EXPECT_EQ(theirs.status, 404) << rest << theirs.body;
    json::object told = Parsed(theirs).as_object();
    json::object expected = Parsed(none).as_object();
    // The request id may differ.
    for (json::object* problem : {&told, &expected}) {
      problem->erase("requestId");
      problem->erase("instance");
    }
    // Besides the id that was asked for.
    EXPECT_EQ(absl::StrReplaceAll(json::serialize(told), {{invoice_, made_up}}),
              json::serialize(expected))
        << rest;
  }
}

TEST_F(EndToEndTest, TheInvoicesNumberLeadsToTheSameThread) {
  const HttpAnswer posted =
      client_.Post("/api/invoices/INV-1042/comments", R"({"body":"by number"})",
                   Authorization("dana", "member"));
  ASSERT_EQ(posted.status, 201) << posted.body;
  EXPECT_EQ(Parsed(posted).at_pointer("/comment/invoiceId").as_string(), invoice_);
  const HttpAnswer page = client_.Get(thread_, Authorization("sam", "viewer"));
  EXPECT_EQ(Parsed(page).at("totalSize").as_int64(), 1);
}

TEST_F(EndToEndTest, ACommentIsChangedByHttpOnlyByWhoMayAndHasSeenIt) {
  const json::value comment = Parsed(Post("Wrong thread.", kCommentId)).at("comment");
  const std::string path = absl::StrCat(thread_, "/", kCommentId);
  const std::string etag = absl::StrCat("\"", std::string(comment.at("etag").as_string()), "\"");
  const std::string edit = R"({"body": "Right words."})";
  const auto refused = [](const HttpAnswer& answer, int status, const char* reason) {
    EXPECT_EQ(answer.status, status) << answer.body;
    EXPECT_EQ(Parsed(answer).at("reason").as_string(), reason);
    EXPECT_NE(Parsed(answer).at("title").as_string(), "Unknown");
  };
  refused(Change("PATCH", path, edit, "", "dana"), 428, "IF_MATCH_REQUIRED");
  refused(Change("PATCH", path, edit, "\"c9\"", "dana"), 412, "ETAG_MISMATCH");
  refused(Change("PATCH", path, edit, etag, "priya"), 403, "NOT_THE_AUTHOR");
  refused(Change("PATCH", path, edit, etag, "sam", "viewer"), 403, "ROLE_TOO_LOW");
  refused(Change("PATCH", path, edit, etag, "mallory", "member", "rivalworks"), 404,
          "INVOICE_NOT_FOUND");
  refused(Change("PATCH", path, R"({"words": "x"})", etag, "dana"), 400, "INVALID_FIELD");
  const HttpAnswer edited = Change("PATCH", path, edit, etag, "dana");
  ASSERT_EQ(edited.status, 200) << edited.body;
  EXPECT_EQ(Parsed(edited).at_pointer("/comment/revision"), json::value(2));
  const std::string newer =
      absl::StrCat("\"", std::string(Parsed(edited).at_pointer("/comment/etag").as_string()), "\"");
  const HttpAnswer stale = Change("DELETE", path, "{}", etag, "dana");
  refused(stale, 412, "ETAG_MISMATCH");
  EXPECT_EQ(stale.headers.at("etag"), newer);
  refused(Change("DELETE", path, "{}", newer, "priya"), 403, "NOT_THE_AUTHOR");
  const HttpAnswer removed =
      Change("DELETE", path, R"({"reason": "said elsewhere"})", newer, "alex", "admin");
  ASSERT_EQ(removed.status, 200) << removed.body;
  EXPECT_EQ(Parsed(removed).at_pointer("/comment/removal/reason"), json::value("said elsewhere"));
  EXPECT_EQ(Parsed(removed).at_pointer("/comment/body"), json::value(""));
  const std::string last = absl::StrCat(
      "\"", std::string(Parsed(removed).at_pointer("/comment/etag").as_string()), "\"");
  refused(Change("PATCH", path, edit, last, "dana"), 409, "COMMENT_REMOVED");
  const HttpAnswer revisions =
      client_.Get(absl::StrCat(path, "/revisions"), Authorization("alex", "admin"));
  ASSERT_EQ(revisions.status, 200) << revisions.body;
  EXPECT_EQ(Parsed(revisions).at("revisions").as_array().size(), 2u);
  refused(client_.Get(absl::StrCat(path, "/revisions"), Authorization("dana", "member")), 403,
          "ROLE_TOO_LOW");
  const std::string token(Parsed(removed).at("consistencyToken").as_string());
  EXPECT_EQ(CountWith(token), 0);
}

TEST_F(EndToEndTest, AChangeOverHttpIsMadeOnceHoweverOftenItIsAskedForAndIsNotTakenForAnother) {
  const json::value comment = Parsed(Post("Frist.", kCommentId)).at("comment");
  const std::string path = absl::StrCat(thread_, "/", kCommentId);
  const auto etag_of = [](const HttpAnswer& answer) {
    return absl::StrCat("\"", std::string(Parsed(answer).at_pointer("/comment/etag").as_string()),
                        "\"");
  };
  const std::string etag = absl::StrCat("\"", std::string(comment.at("etag").as_string()), "\"");
  const std::string id = "0190c6a8-5a3e-7c41-9f52-3f6d1b7a9e10";
  const std::string edit = absl::StrCat(R"({"body": "First.", "changeId": ")", id, R"("})");
  const HttpAnswer first = Change("PATCH", path, edit, etag, "dana");
  ASSERT_EQ(first.status, 200) << first.body;
  // The answer was lost: the same request, with the etag of then, is the same change.
  const HttpAnswer again = Change("PATCH", path, edit, etag, "dana");
  ASSERT_EQ(again.status, 200) << again.body;
  EXPECT_EQ(Parsed(again).at("comment"), Parsed(first).at("comment"));
  const HttpAnswer other =
      Change("PATCH", path, absl::StrCat(R"({"body": "Else.", "changeId": ")", id, R"("})"),
             etag_of(first), "dana");
  EXPECT_EQ(other.status, 409);
  EXPECT_EQ(Parsed(other).at("reason"), json::value("CHANGE_ID_REUSED"));
  const std::string removal =
      R"({"reason": "twice", "changeId": "0190c6a8-5a3e-7c41-9f52-3f6d1b7a9e11"})";
  const HttpAnswer removed = Change("DELETE", path, removal, etag_of(first), "dana");
  ASSERT_EQ(removed.status, 200) << removed.body;
  const HttpAnswer removed_again = Change("DELETE", path, removal, etag_of(first), "dana");
  EXPECT_EQ(removed_again.status, 200);
  EXPECT_EQ(Parsed(removed_again).at("comment"), Parsed(removed).at("comment"));
  const std::string invoice = absl::StrCat("/api/invoices/", invoice_);
  const std::string settlement = R"({"changeId": "0190c6a8-5a3e-7c41-9f52-3f6d1b7a9e12"})";
  const HttpAnswer resolved = Change("POST", invoice + "/resolve", settlement, "", "dana");
  ASSERT_EQ(resolved.status, 200) << resolved.body;
  ASSERT_EQ(Change("POST", invoice + "/reopen", "{}", "", "dana").status, 200);
  // Long done, and not done again.
  EXPECT_EQ(Change("POST", invoice + "/resolve", settlement, "", "dana").status, 200);
  const json::value page = Parsed(client_.Get(thread_, Authorization("sam", "viewer")));
  EXPECT_EQ(page.at_pointer("/thread/state"), json::value("OPEN"));
  // Added, edited, removed, resolved, reopened: five.
  EXPECT_EQ(page.at_pointer("/thread/revision"), json::value(5));
}

TEST_F(EndToEndTest, AChangeThatIsNoJsonOrComesFromAnotherSiteIsRefused) {
  const json::value comment = Parsed(Post("Said.", kCommentId)).at("comment");
  const std::string path = absl::StrCat(thread_, "/", kCommentId);
  const std::string etag = std::string(comment.at("etag").as_string());
  const std::string invoice = absl::StrCat("/api/invoices/", invoice_);
  const auto ask = [&](const std::string& method, const std::string& target,
                       const std::string& headers) {
    const std::string body = R"({"body": "x"})";
    return client_.SendRaw(absl::StrCat(method, " ", target, " HTTP/1.1\r\nHost: a\r\n", headers,
                                        "If-Match: \"", etag, "\"\r\nContent-Length: ", body.size(),
                                        "\r\n\r\n", body));
  };
  const std::string token = processes_.Token("dana", "member");
  for (const auto& [method, target] :
       std::vector<std::pair<std::string, std::string>>{{"PATCH", path},
                                                        {"DELETE", path},
                                                        {"POST", invoice + "/resolve"},
                                                        {"POST", invoice + "/reopen"}}) {
    const HttpAnswer text =
        ask(method, target,
            absl::StrCat("Authorization: Bearer ", token, "\r\nContent-Type: text/plain\r\n"));
    EXPECT_EQ(text.status, 415) << method << " " << target;
    EXPECT_EQ(Parsed(text).at("reason"), json::value("CONTENT_TYPE_UNSUPPORTED"));
    // A browser sends the cookie along with what another site makes it send.
    const HttpAnswer forged =
        ask(method, target,
            absl::StrCat("Cookie: __Host-marginalia=", token,
                         "\r\nOrigin: https://evil.example\r\nSec-Fetch-Site: cross-site\r\n"
                         "Content-Type: application/json\r\n"));
    EXPECT_EQ(forged.status, 403) << method << " " << target;
    EXPECT_EQ(Parsed(forged).at("reason"), json::value("CROSS_ORIGIN"));
  }
  const HttpAnswer unchanged = client_.Get(path, Authorization("sam", "viewer"));
  EXPECT_EQ(Parsed(unchanged).at("comment"), comment);
}

// The service takes edits for a moment only.
TEST_F(EndToEndTest, WhenTheTimeForChangesIsOverTheAuthorIsToldAndAnAdminMayStillRemove) {
  const json::value comment = Parsed(Post("Said.", kCommentId)).at("comment");
  processes_.comments().Kill();
  processes_.StartComments({"--edit_window=1us"});
  // The gateway has to find the new process.
  Await([&] { return client_.Get(thread_, Authorization("sam", "viewer")).status == 200; });
  const std::string path = absl::StrCat(thread_, "/", kCommentId);
  const std::string etag = absl::StrCat("\"", std::string(comment.at("etag").as_string()), "\"");
  for (const auto& [method, body] : std::vector<std::pair<std::string, std::string>>{
           {"PATCH", R"({"body": "Late."})"}, {"DELETE", "{}"}}) {
    const HttpAnswer late = Change(method, path, body, etag, "dana");
    EXPECT_EQ(late.status, 409) << late.body;
    EXPECT_EQ(Parsed(late).at("reason"), json::value("EDIT_WINDOW_OVER"));
  }
  const HttpAnswer removed = Change("DELETE", path, "{}", etag, "alex", "admin");
  EXPECT_EQ(removed.status, 200) << removed.body;
}

TEST_F(EndToEndTest, InvoicesAreListedByTheStateOfTheirThreadsAndByWhatHappenedLast) {
  const std::string second = processes_.NewInvoice("INV-1043");
  processes_.NewInvoice("INV-1044");
  ASSERT_EQ(Post("One").status, 201);
  const HttpAnswer resolved =
      client_.Post("/api/invoices/INV-1043/resolve", "{}", Authorization("dana", "member"));
  ASSERT_EQ(resolved.status, 200) << resolved.body;
  const auto numbers = [&](const std::string& query) {
    const HttpAnswer answer = client_.Get(absl::StrCat("/api/invoices?consistency=full&", query),
                                          Authorization("sam", "viewer"));
    EXPECT_EQ(answer.status, 200) << answer.body;
    std::vector<std::string> found;
    if (answer.status != 200) return found;
    const json::value page = Parsed(answer);
    for (const json::value& summary : page.at("summaries").as_array()) {
      found.emplace_back(summary.at("number").as_string());
      EXPECT_EQ(summary.at("threadState").as_string(),
                found.back() == "INV-1043" ? "RESOLVED" : "OPEN");
    }
    return found;
  };
  using Numbers = std::vector<std::string>;
  EXPECT_EQ(numbers("threadState=resolved"), Numbers({"INV-1043"}));
  EXPECT_EQ(numbers("threadState=open"), Numbers({"INV-1042", "INV-1044"}));
  EXPECT_EQ(numbers("order=activity"), Numbers({"INV-1043", "INV-1042", "INV-1044"}));
  EXPECT_EQ(numbers("order=number"), Numbers({"INV-1042", "INV-1043", "INV-1044"}));
  for (const std::string parameter : {"threadState", "order"}) {
    const HttpAnswer refused = client_.Get(absl::StrCat("/api/invoices?", parameter, "=size"),
                                           Authorization("sam", "viewer"));
    EXPECT_EQ(refused.status, 400) << parameter;
    EXPECT_EQ(Parsed(refused).at_pointer("/errors/0/field"), json::value(parameter));
  }
  const HttpAnswer none = client_.Get("/invoices?threadState=resolved",
                                      Authorization("mallory", "member", "rivalworks"));
  EXPECT_NE(none.body.find("No invoice was found."), none.body.npos);
  const HttpAnswer page =
      client_.Get("/invoices?threadState=resolved&order=activity", Authorization("sam", "viewer"));
  EXPECT_EQ(page.status, 200);
  EXPECT_NE(page.body.find("INV-1043"), page.body.npos);
  EXPECT_EQ(page.body.find("INV-1042"), page.body.npos);
  EXPECT_NE(page.body.find("<span class=\"badge\">Resolved</span>"), page.body.npos);
}

TEST_F(EndToEndTest, TheActivityOfAllInvoicesIsListedNewestFirst) {
  const std::string other = processes_.NewInvoice("INV-1043");
  ASSERT_EQ(Post("first").status, 201);
  ASSERT_EQ(client_
                .Post(absl::StrCat("/api/invoices/", other, "/comments"), R"({"body":"second"})",
                      Authorization("priya", "member"))
                .status,
            201);
  const HttpAnswer answer = client_.Get("/api/activity", Authorization("sam", "viewer"));
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(Parsed(answer).at_pointer("/comments/0/body"), "second");
  EXPECT_EQ(Parsed(answer).at_pointer("/comments/1/body"), "first");
}

TEST_F(EndToEndTest, NoTokenAndNoCommentBodyIsEverLogged) {
  const std::string canary = "canary-8f14e45f";
  ASSERT_EQ(Post(canary).status, 201);
  const std::string token = processes_.Token("dana", "member");
  client_.Get(thread_, {{"Authorization", "Bearer " + token + canary}});
  client_.Get(thread_, {{"Authorization", "Bearer " + token}});
  // Terminating the processes flushes their logs.
  for (ProcessUnderTest* process :
       {&processes_.gateway(), &processes_.comments(), &processes_.invoices()}) {
    process->Signal(SIGTERM);
    EXPECT_EQ(process->Wait(), 0);
    ASSERT_TRUE(process->log().WaitFor("\"message\":\"stopped\"").has_value());
    for (const std::string& line : process->log().lines()) {
      EXPECT_EQ(line.find(canary), std::string::npos) << line;
      EXPECT_EQ(line.find(token), std::string::npos) << line;
      boost::system::error_code error;
      json::parse(line, error);
      EXPECT_FALSE(error) << "not one JSON object: " << line;
    }
  }
}

}  // namespace
}  // namespace marginalia
