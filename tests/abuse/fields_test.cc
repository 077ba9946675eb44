// What callers may not say: fields that are not theirs to set, identities in headers, and bodies
// that are no comment.
#include <gmock/gmock.h>
#include <google/protobuf/stubs/logging.h>
#include <google/protobuf/unknown_field_set.h>

#include <boost/json/parse.hpp>

#include "absl/strings/str_cat.h"
#include "services/errors/errors.h"
#include "services/rpc/grpc_status.h"
#include "tests/abuse/abuse_test.h"

namespace marginalia {
namespace {

namespace json = boost::json;
using ::testing::HasSubstr;

class FieldsTest : public AbuseTest {
 protected:
  absl::StatusOr<comments::v1::Comment> Add(const comments::v1::AddCommentRequest& request,
                                            const HttpClient::Headers& metadata = {}) {
    grpc::ClientContext context;
    processes().Prepare(context, Token());
    for (const auto& [name, value] : metadata) context.AddMetadata(name, value);
    comments::v1::AddCommentResponse response;
    const absl::Status status =
        FromGrpc(processes().comments_stub().AddComment(&context, request, &response));
    if (!status.ok()) return status;
    return response.comment();
  }
  comments::v1::AddCommentRequest Request(const std::string& body) const {
    comments::v1::AddCommentRequest request;
    request.set_invoice_id(invoice_);
    request.set_body(body);
    return request;
  }
  std::string OrgOfTheNewestEntry() {
    grpc::ClientContext context;
    processes().Prepare(context, Token("admin", "alex"));
    comments::v1::ListAuditEntriesResponse entries;
    EXPECT_TRUE(processes().comments_stub().ListAuditEntries(&context, {}, &entries).ok());
    return entries.entries_size() == 0 ? "" : entries.entries(entries.entries_size() - 1).org_id();
  }
};

TEST_F(FieldsTest, AFieldThatIsNotTheCallersToSetIsNamedAndNothingIsWritten) {
  for (const char* member :
       {R"("org":"rivalworks")", R"("orgId":"rivalworks")", R"("org_id":"rivalworks")",
        R"("author":{"userId":"mallory"})", R"("authorId":"mallory")",
        R"("createTime":"2020-01-01T00:00:00Z")", R"("sequence":1)", R"("position":1)",
        R"("invoiceId":"INV-7")", R"("replayed":true)", R"("__proto__":{})"}) {
    const HttpAnswer answer = Post(thread_, absl::StrCat(R"({"body":"hello",)", member, "}"));
    EXPECT_EQ(answer.status, 400) << member << answer.body;
    const std::string name = std::string(member).substr(0, std::string(member).find(':'));
    EXPECT_THAT(answer.body, HasSubstr("\"field\":" + name));
  }
  EXPECT_EQ(CommentCount(), 0);
}

TEST_F(FieldsTest, AFieldThatTheContractDoesNotKnowChangesNothing) {
  comments::v1::AddCommentRequest request = Request("hello");
  auto& unknown = *request.GetReflection()->MutableUnknownFields(&request);
  for (int number = 1; number < 30; ++number) {
    if (request.GetDescriptor()->FindFieldByNumber(number) != nullptr) continue;
    unknown.AddLengthDelimited(number)->append("mallory");
  }
  const auto comment = Add(request);
  ASSERT_TRUE(comment.ok()) << comment.status();
  EXPECT_EQ(comment->author().user_id(), "dana");
  EXPECT_EQ(comment->body(), "hello");
  EXPECT_EQ(comment->SerializeAsString().find("mallory"), std::string::npos);
  EXPECT_EQ(OrgOfTheNewestEntry(), org_);
}

TEST_F(FieldsTest, AnIdentityInAHeaderIsIgnored) {
  HttpClient::Headers headers = Bearing(Token());
  for (const char* name :
       {"X-Org", "X-Org-Id", "X-Tenant", "X-User", "X-User-Id", "X-Remote-User", "X-Role",
        "X-Forwarded-User", "X-Forwarded-For", "X-Forwarded-Email", "X-Forwarded-Host", "Forwarded",
        "X-Original-Url", "X-Http-Method-Override", "Grpc-Metadata-Authorization",
        "Grpc-Metadata-X-Org", "X-Amzn-Oidc-Identity", "Cookie"}) {
    headers.emplace_back(name, "rivalworks; __Host-marginalia=mallory; user=mallory");
  }
  const HttpAnswer answer = client_.Post(thread_, R"({"body":"hello"})", headers);
  ASSERT_EQ(answer.status, 201) << answer.body;
  EXPECT_EQ(json::parse(answer.body).at("comment").at("author").at("userId"), "dana");
  EXPECT_EQ(OrgOfTheNewestEntry(), org_);
}

TEST_F(FieldsTest, AnIdentityInMetadataIsIgnored) {
  const auto comment = Add(Request("hello"), {{"x-org", "rivalworks"},
                                              {"x-org-id", "rivalworks"},
                                              {"x-user", "mallory"},
                                              {"x-role", "admin"},
                                              {"x-forwarded-user", "mallory"},
                                              {"cookie", "__Host-marginalia=mallory"}});
  ASSERT_TRUE(comment.ok()) << comment.status();
  EXPECT_EQ(comment->author().user_id(), "dana");
  EXPECT_EQ(OrgOfTheNewestEntry(), org_);
}

TEST_F(FieldsTest, AMetadataIdentityAloneOpensNothing) {
  grpc::ClientContext context;
  context.set_wait_for_ready(true);
  for (const char* name : {"x-org", "x-user", "x-role", "x-forwarded-user"}) {
    context.AddMetadata(name, org_);
  }
  comments::v1::AddCommentResponse response;
  EXPECT_EQ(FromGrpc(processes().comments_stub().AddComment(&context, Request("hello"), &response))
                .code(),
            absl::StatusCode::kUnauthenticated);
}

struct BadBody {
  const char* what;
  std::string body;
};

TEST_F(FieldsTest, ABodyThatIsNoCommentIsRefusedByName) {
  const BadBody bodies[] = {
      {"empty", ""},
      {"blank", " \t\n\xC2\xA0\xE3\x80\x80\xE2\x80\xA8"},
      {"too long", std::string(10'001, 'a')},
      {"too long in characters of four bytes",
       [] {
         std::string text;
         for (int i = 0; i < 10'001; ++i) text += "\xF0\x9F\x98\x80";
         return text;
       }()},
      {"with NUL", std::string("a\0b", 3)},
      {"an overlong slash", "a\xC0\xAF"},
      {"a surrogate", "a\xED\xA0\x80"},
      {"beyond Unicode", "a\xF4\x90\x80\x80"},
      {"cut off", "a\xE2\x82"},
  };
  // The client's own protobuf would complain of what is sent.
  const google::protobuf::LogSilencer silencer;
  for (const auto& [what, body] : bodies) {
    const auto added = Add(Request(body));
    EXPECT_EQ(added.status().code(), absl::StatusCode::kInvalidArgument) << what;
    ASSERT_EQ(FieldViolationsOf(added.status()).size(), 1U) << what << added.status();
    EXPECT_EQ(FieldViolationsOf(added.status())[0].field, "body") << what;
    std::string text = R"({"body":")";
    for (const char c : body)
      text += c == '\0' ? "\\u0000" : c < ' ' && c > 0 ? " " : std::string(1, c);
    const HttpAnswer answer = Post(thread_, text + "\"}");
    EXPECT_EQ(answer.status, 400) << what;
    EXPECT_THAT(answer.body, HasSubstr("\"field\":\"body\"")) << what;
  }
  EXPECT_EQ(Post(thread_, "{}").status, 400);
  EXPECT_EQ(Post(thread_, "").status, 400);
  EXPECT_EQ(CommentCount(), 0);
}

TEST_F(FieldsTest, JsonThatCouldBeReadInTwoWaysIsRefused) {
  for (const char* text :
       {R"({"body":"a","body":"b"})", R"({"body":"a","\u0062ody":"b"})", R"({"body":["a"]})",
        R"({"body":{"body":"a"}})", R"({"body":7})", R"({"body":null})", R"([{"body":"a"}])",
        R"({"body":"a"}{"body":"b"})", R"({"body":"\ud83d"})", "body=a"}) {
    const HttpAnswer answer = Post(thread_, text);
    EXPECT_EQ(answer.status, 400) << text << answer.body;
  }
  const std::string deep = R"({"body":)" + std::string(30'000, '[');
  EXPECT_EQ(Post(thread_, deep).status, 400);
  EXPECT_EQ(CommentCount(), 0);
}

}  // namespace
}  // namespace marginalia
