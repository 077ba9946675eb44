#include "tests/isolation/refusals_under_test.h"

#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace marginalia {
namespace {

namespace cv1 = comments::v1;
namespace iv1 = invoices::v1;

constexpr char kOther[] = "northlight";
constexpr char kAsking[] = "seaside";
constexpr char kRequestId[] = "the-same-in-both";

std::string TextOf(const grpc::Status& status, const grpc::ClientContext& context) {
  std::string text = absl::StrCat(status.error_code(), " ", status.error_message(), " ",
                                  absl::CHexEscape(status.error_details()));
  for (const auto* metadata :
       {&context.GetServerInitialMetadata(), &context.GetServerTrailingMetadata()}) {
    for (const auto& [key, value] : *metadata) {
      absl::StrAppend(&text, "\n", std::string(key.data(), key.size()), ": ",
                      absl::CHexEscape(std::string(value.data(), value.size())));
    }
  }
  return text;
}

std::string TextOf(HttpAnswer answer) {
  answer.headers.erase("date");
  std::string text = absl::StrCat(answer.status);
  for (const auto& [name, value] : answer.headers) {
    absl::StrAppend(&text, "\n", name, ": ", value);
  }
  return absl::StrCat(text, "\n\n", answer.body);
}

std::string Without(const std::string& value, const std::string& text) {
  return absl::StrReplaceAll(text, {{value, "<asked for>"}});
}

}  // namespace

std::string MadeUp(std::string value) {
  for (std::size_t i = value.size() - 4; i < value.size(); ++i) {
    char& c = value[i];
    c = c <= '9' ? static_cast<char>('0' + (c - '0' + 3) % 10)
                 : static_cast<char>('a' + (c - 'a' + 1) % 6);
  }
  return value;
}

std::string MadeUpToken(const std::string& like) {
  std::string token(like.size(), 'x');
  for (std::size_t i = 0; i < token.size(); ++i) token[i] = "AbCdEfGhIj0123456789"[i * 7 % 20];
  token[0] = like[0];
  return token;
}

void RefusalsUnderTest::SetUp() {
  mine_ = Fill(kAsking, "INV-2001");
  theirs_ = Fill(kOther, "INV-1042");
}

std::string RefusalsUnderTest::Token(const std::string& role) const {
  return processes_.Token("dana", role, kAsking);
}

HttpClient::Headers RefusalsUnderTest::Headers() const {
  return {{"Authorization", "Bearer " + Token()}, {"X-Request-Id", kRequestId}};
}

void RefusalsUnderTest::Prepare(grpc::ClientContext& context, const std::string& token) const {
  processes_.Prepare(context, token);
  context.AddMetadata("x-request-id", kRequestId);
}

template <class Call>
void RefusalsUnderTest::Must(const std::string& token, Call call) {
  grpc::ClientContext context;
  Prepare(context, token);
  const grpc::Status status = call(context);
  ASSERT_TRUE(status.ok()) << status.error_message();
}

Belongings RefusalsUnderTest::Fill(const std::string& org, const std::string& number) {
  Belongings has{.invoice_id = processes_.NewInvoice(number, org), .number = number};
  processes_.NewInvoice(number + "-B", org);
  const std::string token = processes_.Token("dana", "admin", org);
  for (int i = 0; i < 3; ++i) {
    cv1::AddCommentRequest request;
    request.set_invoice_id(has.invoice_id);
    request.set_body("A comment.");
    cv1::AddCommentResponse response;
    Must(token, [&](auto& context) {
      return processes_.comments_stub().AddComment(&context, request, &response);
    });
    has.comment_id = response.comment().comment_id();
    has.consistency_token = response.consistency_token();
  }
  FillTokens(token, has);
  return has;
}

void RefusalsUnderTest::FillTokens(const std::string& token, Belongings& has) {
  auto& comments = processes_.comments_stub();
  cv1::ListCommentsRequest thread;
  thread.set_invoice_id(has.invoice_id);
  thread.set_page_size(1);
  cv1::ListCommentsResponse thread_page;
  Must(token, [&](auto& context) { return comments.ListComments(&context, thread, &thread_page); });
  has.thread_page_token = thread_page.next_page_token();
  cv1::ListRecentCommentsRequest recent;
  recent.set_page_size(1);
  cv1::ListRecentCommentsResponse recent_page;
  Must(token,
       [&](auto& context) { return comments.ListRecentComments(&context, recent, &recent_page); });
  has.recent_page_token = recent_page.next_page_token();
  cv1::ListAuditEntriesRequest audit;
  audit.set_page_size(1);
  cv1::ListAuditEntriesResponse audit_page;
  Must(token,
       [&](auto& context) { return comments.ListAuditEntries(&context, audit, &audit_page); });
  has.audit_page_token = audit_page.next_page_token();
  iv1::ListInvoiceSummariesRequest invoices;
  invoices.set_page_size(1);
  iv1::ListInvoiceSummariesResponse invoices_page;
  Must(token, [&](auto& context) {
    return processes_.invoices_stub().ListInvoiceSummaries(&context, invoices, &invoices_page);
  });
  has.invoices_page_token = invoices_page.next_page_token();
}

void RefusalsUnderTest::ExpectAlike(const Rpc& rpc, const std::string& token,
                                    grpc::StatusCode code) {
  SCOPED_TRACE(rpc.name + " " + rpc.foreign);
  ASSERT_EQ(rpc.foreign.size(), rpc.made_up.size());
  ASSERT_NE(rpc.foreign, rpc.made_up);
  std::vector<std::string> answers;
  for (const std::string& value : {rpc.foreign, rpc.made_up}) {
    grpc::ClientContext context;
    Prepare(context, token);
    const grpc::Status status = rpc.call(context, value);
    EXPECT_EQ(status.error_code(), code);
    answers.push_back(Without(value, TextOf(status, context)));
  }
  EXPECT_EQ(answers[0], answers[1]);
}

void RefusalsUnderTest::ExpectAlike(const Request& request, int status) {
  SCOPED_TRACE(request.name + " " + request.foreign);
  ASSERT_EQ(request.foreign.size(), request.made_up.size());
  ASSERT_NE(request.foreign, request.made_up);
  std::vector<std::string> answers;
  for (const std::string& value : {request.foreign, request.made_up}) {
    HttpClient client(processes_.gateway().address());
    const HttpAnswer answer = request.send(client, value);
    EXPECT_EQ(answer.status, status);
    answers.push_back(Without(value, TextOf(answer)));
  }
  EXPECT_EQ(answers[0], answers[1]);
}

}  // namespace marginalia
