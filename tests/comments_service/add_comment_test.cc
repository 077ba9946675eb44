#include <string>
#include <thread>
#include <vector>

#include "comments-service/thread/comment.h"
#include "tests/comments_service/service_test.h"

namespace marginalia {
namespace {

namespace v1 = comments::v1;

constexpr char kId[] = "018f4e2a-9c3b-7d10-8a55-0242ac120002";

class AddCommentTest : public ServiceTest {};
INSTANTIATE_ON_EVERY_DATABASE(AddCommentTest);

TEST_P(AddCommentTest, TheStoredCommentIsAnswered) {
  const auto added = service().As("org", "dana").Add("INV-1", kId, "a body");
  ASSERT_TRUE(added.ok()) << added.status();
  const v1::Comment& comment = added->comment();
  EXPECT_EQ(comment.comment_id(), kId);
  EXPECT_EQ(comment.invoice_id(), "INV-1");
  EXPECT_EQ(comment.author().user_id(), "dana");
  EXPECT_EQ(comment.author().display_name(), "DANA");
  EXPECT_EQ(comment.body(), "a body");
  EXPECT_EQ(comment.sequence(), 1);
  EXPECT_EQ(comment.create_time().nanos() % 1000, 0);
  EXPECT_NEAR(static_cast<double>(comment.create_time().seconds()),
              static_cast<double>(absl::ToUnixSeconds(absl::Now())), 30);
  EXPECT_FALSE(added->replayed());
  EXPECT_NE(added->consistency_token(), "");
  EXPECT_EQ(added->receipt().number(), 1);
  EXPECT_EQ(added->receipt().audit_hash().size(), 64U);
  const auto got = service().As("org", "priya").Get("INV-1", kId);
  ASSERT_TRUE(got.ok());
  EXPECT_EQ(got->comment().SerializeAsString(), comment.SerializeAsString());
}

TEST_P(AddCommentTest, WithoutAnIdTheServerMakesOne) {
  const auto added = service().As("org", "dana").Add("INV-1", "", "a body");
  ASSERT_TRUE(added.ok());
  EXPECT_EQ(*CanonicalCommentId(added->comment().comment_id()), added->comment().comment_id());
  EXPECT_EQ(added->comment().comment_id()[14], '7');
}

TEST_P(AddCommentTest, AnIdInUpperCaseIsLowered) {
  const std::string upper = "018F4E2A-9C3B-7D10-8A55-0242AC120002";
  const Client dana = service().As("org", "dana");
  EXPECT_EQ(dana.Add("INV-1", upper, "a body")->comment().comment_id(), kId);
  EXPECT_TRUE(dana.Add("INV-1", kId, "a body")->replayed());
  EXPECT_EQ(dana.Get("INV-1", upper)->comment().comment_id(), kId);
}

TEST_P(AddCommentTest, BodiesComeBackByteForByte) {
  const Client dana = service().As("org", "dana");
  std::string longest;
  for (int i = 0; i < 10'000; ++i) longest += "\xF0\x9F\x98\x80";
  for (const std::string& body :
       {std::string("  spaces \r\n\t"), std::string("'; DROP TABLE comments; --"),
        std::string("\\x41 \\u0000 %s"), std::string("\xE2\x80\xAE e\xCC\x81 \xC3\xA9"), longest}) {
    EXPECT_EQ(dana.Post("INV-1", body).comment().body(), body);
  }
  EXPECT_EQ(dana.List("INV-1", 1)->comments(0).body(), longest);
}

TEST_P(AddCommentTest, BadArgumentsNameTheirField) {
  const Client dana = service().As("org", "dana");
  EXPECT_EQ(Field(dana.Add("", kId, "b")), "invoice_id");
  EXPECT_EQ(Field(dana.Add("a b", kId, "b")), "invoice_id");
  EXPECT_EQ(Field(dana.Add("INV-1", "not a uuid", "b")), "comment_id");
  EXPECT_EQ(Field(dana.Add("INV-1", kId, "")), "body");
  EXPECT_EQ(Field(dana.Add("INV-1", kId, " \n")), "body");
  EXPECT_EQ(Field(dana.Add("INV-1", kId, std::string(10'001, 'x'))), "body");
  EXPECT_EQ(Field(dana.Add("INV-1", kId, std::string("a\0b", 3))), "body");
  EXPECT_EQ(dana.Add("INV-1", kId, "").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(service().CountRows("comments"), 0);
  EXPECT_EQ(service().CountRows("comment_ids"), 0);
}

TEST_P(AddCommentTest, InvalidUtf8NamesItsField) {
  const Client dana = service().As("org", "dana");
  const absl::Status refused = dana.CallRaw("AddComment", "\x0A\x05INV-1\x1A\x02\xC3\x28");
  EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument);
  ASSERT_EQ(FieldViolationsOf(refused).size(), 1U);
  EXPECT_EQ(FieldViolationsOf(refused)[0].field, "body");
  const std::string item = "\x1A\x02\xC3\x28";
  const absl::Status import =
      service().AsService("org").CallRaw("ImportComments", "\x12\x00\x12\x04" + item);
  EXPECT_EQ(import.code(), absl::StatusCode::kInvalidArgument);
}

TEST_P(AddCommentTest, BytesThatAreNoRequestAreRefused) {
  const absl::Status refused = service().As("org", "dana").CallRaw("AddComment", "\x0A\x7F");
  EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ReasonOf(refused), "REQUEST_MALFORMED");
}

TEST_P(AddCommentTest, AViewerMayNotComment) {
  const auto refused = service().As("org", "sam", "viewer").Add("INV-1", kId, "b");
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(Reason(refused), "ROLE_TOO_LOW");
}

TEST_P(AddCommentTest, AServiceCommentsForTheTenantOfItsTokenOnly) {
  EXPECT_TRUE(service().AsService("org").Add("INV-1", kId, "b").ok());
  EXPECT_EQ(service().As("org", "dana").List("INV-1")->total_size(), 1);
  EXPECT_EQ(Reason(service().AsService().Add("INV-1", kId, "b")), "ORG_REQUIRED");
}

TEST_P(AddCommentTest, AReplayReturnsTheStoredCommentAndWritesNothing) {
  const Client dana = service().As("org", "dana");
  const auto first = dana.Add("INV-1", kId, "a body");
  dana.Post("INV-1", "another");
  for (int i = 0; i < 3; ++i) {
    const auto again = dana.Add("INV-1", kId, "a body");
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_TRUE(again->replayed());
    EXPECT_EQ(again->comment().SerializeAsString(), first->comment().SerializeAsString());
    EXPECT_EQ(again->receipt().SerializeAsString(), first->receipt().SerializeAsString());
    EXPECT_NE(again->consistency_token(), "");
  }
  EXPECT_EQ(service().CountRows("comments"), 2);
  EXPECT_EQ(service().CountRows("audit_entries"), 2);
  EXPECT_EQ(service().CountRows("events"), 2);
}

TEST_P(AddCommentTest, TheSameIdWithAnythingElseIsRefusedInOneWay) {
  const Client dana = service().As("org", "dana");
  ASSERT_TRUE(dana.Add("INV-1", kId, "a body").ok());
  const absl::Status other_body = dana.Add("INV-1", kId, "other").status();
  EXPECT_EQ(other_body.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(ReasonOf(other_body), "COMMENT_ID_REUSED");
  const absl::Status other_invoice = dana.Add("INV-2", kId, "a body").status();
  const absl::Status other_author =
      service().As("org", "priya").Add("INV-1", kId, "a body").status();
  EXPECT_EQ(ReasonOf(other_invoice), "COMMENT_ID_REUSED");
  EXPECT_EQ(ReasonOf(other_author), "COMMENT_ID_REUSED");
  EXPECT_EQ(other_invoice.message(), other_body.message());
  EXPECT_EQ(other_author.message(), other_body.message());
  EXPECT_EQ(service().CountRows("comments"), 1);
  EXPECT_EQ(service().CountRows("threads"), 1);
}

TEST_P(AddCommentTest, TheSameIdInAnotherTenantIsAnotherComment) {
  ASSERT_TRUE(service().As("org", "dana").Add("INV-1", kId, "a body").ok());
  const auto other = service().As("rival", "dana").Add("INV-1", kId, "a body");
  ASSERT_TRUE(other.ok()) << other.status();
  EXPECT_FALSE(other->replayed());
  EXPECT_EQ(other->comment().sequence(), 1);
  EXPECT_EQ(service().As("org", "dana").List("INV-1")->total_size(), 1);
}

TEST_P(AddCommentTest, OneIdFromManyCallersAtOnceIsStoredOnce) {
  constexpr int kCallers = 16;
  const Client dana = service().As("org", "dana");
  std::vector<std::thread> callers;
  std::vector<v1::AddCommentResponse> answers(kCallers);
  for (int i = 0; i < kCallers; ++i) {
    callers.emplace_back([&, i] {
      const auto added = dana.Add("INV-1", kId, "a body");
      if (added.ok()) answers[static_cast<std::size_t>(i)] = *added;
    });
  }
  for (std::thread& caller : callers) caller.join();
  int fresh = 0;
  for (const auto& answer : answers) {
    EXPECT_EQ(answer.comment().SerializeAsString(), answers[0].comment().SerializeAsString());
    EXPECT_EQ(answer.comment().comment_id(), kId);
    if (!answer.replayed()) ++fresh;
  }
  EXPECT_EQ(fresh, 1);
  EXPECT_EQ(service().CountRows("comments"), 1);
}

TEST_P(AddCommentTest, ManyCallersOfOneThreadGetSequencesWithoutGaps) {
  constexpr int kCallers = 8;
  constexpr int kEach = 25;
  std::vector<std::thread> callers;
  for (int i = 0; i < kCallers; ++i) {
    callers.emplace_back([&, i] {
      const Client caller = service().As("org", "user" + std::to_string(i));
      for (int j = 0; j < kEach; ++j) caller.Post("INV-1", "a body");
    });
  }
  for (std::thread& caller : callers) caller.join();
  const Client reader = service().As("org", "dana");
  std::int64_t expected = kCallers * kEach;
  std::string token;
  absl::Time newer = absl::InfiniteFuture();
  do {
    const auto page = reader.List("INV-1", 100, token);
    ASSERT_TRUE(page.ok());
    EXPECT_EQ(page->total_size(), kCallers * kEach);
    for (const v1::Comment& comment : page->comments()) {
      EXPECT_EQ(comment.sequence(), expected--);
      const absl::Time time = absl::FromUnixSeconds(comment.create_time().seconds()) +
                              absl::Nanoseconds(comment.create_time().nanos());
      EXPECT_LE(time, newer);
      newer = time;
    }
    token = page->next_page_token();
  } while (!token.empty());
  EXPECT_EQ(expected, 0);
}

TEST_P(AddCommentTest, AnUnknownCommentOfAThreadIsNotFound) {
  const Client dana = service().As("org", "dana");
  ASSERT_TRUE(dana.Add("INV-1", kId, "a body").ok());
  const auto other_thread = dana.Get("INV-2", kId);
  const auto unknown = dana.Get("INV-1", NewUuid());
  EXPECT_EQ(Reason(other_thread), "COMMENT_NOT_FOUND");
  EXPECT_EQ(Reason(unknown), "COMMENT_NOT_FOUND");
  EXPECT_EQ(unknown.status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(Field(dana.Get("INV-1", "x")), "comment_id");
  EXPECT_EQ(Field(dana.Get("", kId)), "invoice_id");
}

}  // namespace
}  // namespace marginalia
