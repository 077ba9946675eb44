// The doors of the record, of the real three processes: what comes out of them is verified by a
// program that shares nothing with the services.
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "services/text/uuid.h"
#include "tests/end_to_end/one_retry.h"
#include "tests/record/by_the_book.h"
#include "tests/support/http_client.h"
#include "tests/support/three_processes.h"

namespace marginalia {
namespace {

namespace json = boost::json;

class RecordDoorsTest : public testing::Test {
 protected:
  HttpClient::Headers Authorization(const std::string& user, const std::string& role,
                                    const std::string& org = "northlight") {
    return {{"Authorization", "Bearer " + processes_.Token(user, role, org)}};
  }
  // What an admin is told; the test fails unless it is a text.
  std::string Text(const std::string& target) {
    const HttpAnswer answer =
        WithOneRetry([&] { return client_.Get(target, Authorization("alex", "admin")); });
    EXPECT_EQ(answer.status, 200) << target << answer.body;
    return answer.body;
  }
  std::string Reason(const std::string& target, const HttpClient::Headers& headers) {
    const HttpAnswer answer = client_.Get(target, headers);
    return answer.status == 200 ? "OK"
                                : std::string(json::parse(answer.body).at("reason").as_string());
  }
  // Its audit hash, which is the leaf.
  std::string Post(const std::string& body) {
    comments::v1::AddCommentRequest request;
    request.set_invoice_id(invoice_);
    // So that a retry over the restart adds nothing twice.
    request.set_comment_id(NewUuid(absl::Now()));
    request.set_body(body);
    comments::v1::AddCommentResponse added;
    const grpc::Status status = processes_.WithOneRetry(
        processes_.Token("dana", "member"), [&](grpc::ClientContext& context) {
          return processes_.comments_stub().AddComment(&context, request, &added);
        });
    EXPECT_TRUE(status.ok()) << status.error_message();
    return added.receipt().audit_hash();
  }

  ThreeProcesses processes_;
  HttpClient client_{processes_.gateway_front().address()};
  const std::string invoice_ = processes_.NewInvoice("INV-1042");
};

TEST_F(RecordDoorsTest, AnotherVerifierFollowsTheLogOverARestartByWhatTheDoorsSay) {
  json::array checkpoints = {json::string(Text("/api/audit/checkpoint"))};
  json::array proofs;
  std::vector<std::string> leaves;
  for (int grown = 1; grown <= 9; ++grown) {
    const std::size_t before = leaves.size();
    for (int i = 0; i < grown; ++i) leaves.push_back(Post(absl::StrCat(grown, ".", i)));
    if (grown == 5) {
      processes_.comments().Kill();
      processes_.StartComments();
    }
    checkpoints.emplace_back(Text("/api/audit/checkpoint"));
    proofs.emplace_back(Text(absl::StrCat("/api/audit/consistency?first=", before)));
  }
  json::array inclusion;
  for (std::size_t number = 1; number <= leaves.size(); ++number) {
    const std::string size = number % 2 == 0 ? "" : absl::StrCat("&size=", number);
    inclusion.push_back(
        json::object{{"leaf", leaves[number - 1]},
                     {"proof", Text(absl::StrCat("/api/audit/proof?number=", number, size))}});
  }
  const BookVerdict verdict =
      VerifyByTheBook("growth", json::serialize(json::object{{"key", processes_.checkpoint_key()},
                                                             {"checkpoints", checkpoints},
                                                             {"proofs", proofs},
                                                             {"inclusion", inclusion}}));
  EXPECT_EQ(verdict.exit_code, 0) << verdict.said;
  EXPECT_EQ(verdict.said, "10 checkpoints, 45 entries\n");
  // The verifier does not take everything.
  proofs[4] = proofs[3];
  EXPECT_EQ(
      VerifyByTheBook("growth", json::serialize(json::object{{"key", processes_.checkpoint_key()},
                                                             {"checkpoints", checkpoints},
                                                             {"proofs", proofs},
                                                             {"inclusion", inclusion}}))
          .exit_code,
      1);
}

TEST_F(RecordDoorsTest, EveryTreeOf0To300EntriesIsProvenThroughTheDoorsToAnotherVerifier) {
  constexpr int kEntries = 300;
  std::vector<std::string> leaves;
  json::array checkpoints = {json::string(Text("/api/audit/checkpoint"))};
  for (int i = 0; i < kEntries; ++i) leaves.push_back(Post(std::to_string(i)));
  json::array proofs;
  json::array inclusion;
  for (int size = 1; size <= kEntries; ++size) {
    const std::string grown =
        Text(absl::StrCat("/api/audit/consistency?first=", size - 1, "&second=", size));
    checkpoints.emplace_back(grown.substr(grown.find("\n\n") + 2));
    proofs.emplace_back(grown);
    for (const int number : {1, size / 2 + 1, size}) {
      inclusion.push_back(json::object{
          {"leaf", leaves[static_cast<std::size_t>(number - 1)]},
          {"proof", Text(absl::StrCat("/api/audit/proof?number=", number, "&size=", size))}});
    }
  }
  const BookVerdict verdict =
      VerifyByTheBook("growth", json::serialize(json::object{{"key", processes_.checkpoint_key()},
                                                             {"checkpoints", checkpoints},
                                                             {"proofs", proofs},
                                                             {"inclusion", inclusion}}));
  EXPECT_EQ(verdict.exit_code, 0) << verdict.said;
  EXPECT_EQ(verdict.said, "301 checkpoints, 900 entries\n");
}

TEST_F(RecordDoorsTest, AThreadsEvidenceIsDownloadedAndVerifiedByTheBook) {
  Post("You owe 100.");
  Post("Agreed.");
  const std::string by_number = "/api/invoices/INV-1042/evidence";
  const HttpAnswer file = client_.Get(by_number, Authorization("dana", "member"));
  ASSERT_EQ(file.status, 200) << file.body;
  EXPECT_EQ(file.headers.at("content-length"), std::to_string(file.body.size()));
  const BookVerdict verdict = VerifyByTheBook(
      "evidence",
      json::serialize(json::object{{"key", processes_.checkpoint_key()}, {"evidence", file.body}}));
  EXPECT_EQ(verdict.exit_code, 0) << verdict.said;
  EXPECT_EQ(verdict.said, "2 entries, 2 texts\n");
  EXPECT_EQ(Text("/api/invoices/" + invoice_ + "/evidence"), file.body);
  EXPECT_EQ(Reason(by_number, Authorization("sam", "viewer")), "ROLE_TOO_LOW");
  EXPECT_EQ(Reason(by_number, Authorization("mallory", "admin", "rivalworks")),
            "INVOICE_NOT_FOUND");
}

TEST_F(RecordDoorsTest, TheDoorsAreForAdminsAndEachTenantSeesItsOwnRecord) {
  Post("one");
  Post("two");
  for (const char* target :
       {"/api/audit/checkpoint", "/api/audit/proof?number=1", "/api/audit/consistency?first=1"}) {
    EXPECT_EQ(Reason(target, Authorization("sam", "viewer")), "ROLE_TOO_LOW") << target;
    EXPECT_EQ(Reason(target, Authorization("dana", "member")), "ROLE_TOO_LOW") << target;
    EXPECT_EQ(Reason(target, {}), "TOKEN_MISSING") << target;
    EXPECT_EQ(Reason(target, Authorization("alex", "admin")), "OK") << target;
  }
  const HttpClient::Headers rival = Authorization("mallory", "admin", "rivalworks");
  EXPECT_EQ(Reason("/api/audit/proof?number=1", rival), "TREE_TOO_SMALL");
  EXPECT_EQ(Reason("/api/audit/consistency?first=1", rival), "TREE_TOO_SMALL");
  const HttpAnswer theirs = client_.Get("/api/audit/checkpoint", rival);
  EXPECT_NE(theirs.body.find("/rivalworks\n0\n"), theirs.body.npos) << theirs.body;
  EXPECT_NE(Text("/api/audit/checkpoint").find("/northlight\n2\n"), theirs.body.npos);
  EXPECT_EQ(Reason("/api/audit/proof?number=3&size=2", Authorization("alex", "admin")),
            "INVALID_FIELD");
  EXPECT_EQ(Reason("/api/audit/proof?number=3&size=3", Authorization("alex", "admin")),
            "TREE_TOO_SMALL");
}

}  // namespace
}  // namespace marginalia
