// What a tenant's own tokens tell of the others (promise 14): nothing. Every token that a tenant is
// given is decoded, with another tenant's traffic before and in between.
#include <gmock/gmock.h>
#include <grpcpp/client_context.h>
#include <gtest/gtest.h>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <map>
#include <set>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "services/text/base64url.h"
#include "services/text/uuid.h"
#include "services/tokens/consistency_token.h"
#include "services/tokens/token_keys.h"
#include "tests/abuse/abuse_test.h"

namespace marginalia {
namespace {

namespace json = boost::json;
using ::testing::HasSubstr;

constexpr int kImported = 500;

class SealedTokensTest : public AbuseTest {
 protected:
  std::string RivalsToken() { return processes().Token("importer", "service", org_ + "-rival"); }

  // Another tenant's traffic: so many events, and where the log ends after them.
  LogPoint OthersWrite(int count) {
    const std::string invoice =
        processes().NewInvoice(absl::StrCat("R-", ++rival_invoices_), org_ + "-rival");
    comments::v1::ImportCommentsRequest request;
    request.set_invoice_id(invoice);
    for (int i = 0; i < count; ++i) {
      comments::v1::ImportedComment& item = *request.add_comments();
      item.set_comment_id(NewUuid(absl::Now()));
      item.mutable_author()->set_user_id("mallory");
      item.set_body("of the rival");
      item.mutable_create_time()->set_seconds(1'700'000'000 + i);
    }
    grpc::ClientContext context;
    processes().Prepare(context, RivalsToken());
    comments::v1::ImportCommentsResponse response;
    const grpc::Status status =
        processes().comments_stub().ImportComments(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    // The test holds the key.
    for (const std::string& scope : {org_ + "-rival", std::string()}) {
      const auto point = ParseConsistencyToken(response.consistency_token(), scope, "f", "R");
      if (point.ok()) return *point;
    }
    ADD_FAILURE() << "the importer's token cannot be opened";
    return {};
  }

  void Keep(const std::string& what, const std::string& token) {
    if (!token.empty()) tokens_[what].push_back(token);
  }
  void KeepOf(const char* what, const json::object& answer) {
    for (const auto& [name, value] : answer) {
      if (value.is_object()) KeepOf(what, value.as_object());
      if (!value.is_string()) continue;
      const std::string_view key(name.data(), name.size());
      if (key.find("oken") == key.npos && key.find("ursor") == key.npos) continue;
      Keep(absl::StrCat(what, " ", std::string(key)), std::string(value.as_string()));
    }
  }
  // All tokens that a person can get.
  void Collect() {
    const HttpAnswer posted = Post(thread_, R"({"body":"ours"})");
    EXPECT_EQ(posted.status, 201) << posted.body;
    KeepOf("POST", json::parse(posted.body).as_object());
    for (const std::string& path :
         {thread_ + "?limit=1", std::string("/api/activity?limit=1"), "/api/invoices/" + invoice_,
          std::string("/api/invoices?limit=1")}) {
      const HttpAnswer answer = Get(path);
      EXPECT_EQ(answer.status, 200) << path << answer.body;
      KeepOf(path.c_str(), json::parse(answer.body).as_object());
    }
    comments::v1::WatchEventsRequest watch;
    watch.set_from_beginning(true);
    grpc::ClientContext context;
    processes().Prepare(context, Token());
    const auto reader = processes().comments_stub().WatchEvents(&context, watch);
    comments::v1::WatchEventsResponse message;
    while (reader->Read(&message)) {
      Keep("checkpoint", message.checkpoint_token());
      if (message.events_size() == 0) break;
    }
    context.TryCancel();
    grpc::ClientContext audit;
    processes().Prepare(audit, Token("admin", "alex"));
    comments::v1::ListAuditEntriesRequest list;
    list.set_page_size(1);
    comments::v1::ListAuditEntriesResponse entries;
    EXPECT_TRUE(processes().comments_stub().ListAuditEntries(&audit, list, &entries).ok());
    Keep("audit", entries.next_page_token());
  }

  std::map<std::string, std::vector<std::string>> tokens_;
  int rival_invoices_ = 0;
};

TEST_F(SealedTokensTest, NoTokenOfATenantHoldsAPositionOfTheLog) {
  // Past a thousand, so that a position in digits is no chance.
  OthersWrite(kImported);
  const LogPoint before = OthersWrite(kImported);
  ASSERT_GE(before.position, 2 * kImported);
  for (const int others : {0, 3, kImported}) {
    if (others > 0) OthersWrite(others);
    Collect();
  }
  const LogPoint after = OthersWrite(1);
  const std::string log_id = absl::HexStringToBytes(before.log_id);
  EXPECT_GE(tokens_.size(), 8U);
  std::set<std::string> fresh;
  for (const auto& [what, tokens] : tokens_) {
    for (const std::string& token : tokens) {
      const auto bytes = DecodeBase64Url(token);
      ASSERT_TRUE(bytes.has_value()) << what;
      EXPECT_EQ(bytes->find(log_id), std::string::npos) << what << " names the log";
      for (std::int64_t position = before.position; position <= after.position; ++position) {
        ASSERT_EQ(bytes->find(absl::StrCat(position)), std::string::npos)
            << what << " holds position " << position;
      }
      EXPECT_EQ(token.size(), tokens.front().size()) << what << " grows with the log";
    }
    // With and without others' traffic in between they differ alike.
    if (what.find("onsistencyToken") == what.npos && what != "checkpoint") continue;
    EXPECT_EQ(std::set<std::string>(tokens.begin(), tokens.end()).size(), tokens.size()) << what;
  }
}

TEST_F(SealedTokensTest, ATokenMadeWithoutTheKeyIsRefused) {
  const LogPoint end = OthersWrite(1);
  ASSERT_TRUE(UseTokenKeys("").ok());
  const std::string forged = MakeConsistencyToken({end.log_id, 1}, org_);
  ASSERT_TRUE(UseTokenKeys(processes().directory().File("token.key")).ok());
  const HttpAnswer read = Get("/api/invoices/" + invoice_ + "?consistency=" + forged);
  EXPECT_EQ(read.status, 400) << read.body;
  EXPECT_THAT(read.body, HasSubstr("CONSISTENCY_TOKEN_INVALID"));
  const HttpAnswer watch = Get("/api/invoices/" + invoice_ + "/events?after=" + forged);
  EXPECT_EQ(watch.status, 400) << watch.body;
  EXPECT_THAT(watch.body, HasSubstr("RESUME_TOKEN_INVALID"));
}

}  // namespace
}  // namespace marginalia
