// One service is gone; the others go on, say how old their knowledge is, and catch up by
// themselves.
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <string>

#include "services/errors/errors.h"
#include "services/rpc/grpc_status.h"
#include "tests/faults/history.h"
#include "tests/support/three_processes.h"

namespace marginalia {
namespace {

class AbsentServiceTest : public testing::Test {
 protected:
  absl::StatusOr<comments::v1::AddCommentResponse> Post(const std::string& body) {
    comments::v1::AddCommentRequest request;
    request.set_invoice_id(invoice_);
    request.set_comment_id(RandomUuid());
    request.set_body(body);
    comments::v1::AddCommentResponse answer;
    const grpc::Status status = processes_.WithOneRetry(
        processes_.Token("dana", "member"), [&](grpc::ClientContext& context) {
          return processes_.comments_stub().AddComment(&context, request, &answer);
        });
    if (!status.ok()) return FromGrpc(status);
    return answer;
  }

  absl::StatusOr<invoices::v1::GetInvoiceResponse> Read(const std::string& at_least_as_fresh = "") {
    invoices::v1::GetInvoiceRequest request;
    request.set_invoice_id(invoice_);
    if (!at_least_as_fresh.empty()) {
      request.mutable_consistency()->set_at_least_as_fresh(at_least_as_fresh);
    }
    invoices::v1::GetInvoiceResponse answer;
    const grpc::Status status = processes_.WithOneRetry(
        processes_.Token("sam", "viewer"), [&](grpc::ClientContext& context) {
          return processes_.invoices_stub().GetInvoice(&context, request, &answer);
        });
    if (!status.ok()) return FromGrpc(status);
    return answer;
  }

  // Asks again as long as the projection says that it lags.
  std::int64_t CountIncluding(const std::string& token) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (std::chrono::steady_clock::now() < until) {
      const auto answer = Read(token);
      if (answer.ok()) return answer->summary().comment_count();
      EXPECT_EQ(ReasonOf(answer.status()), "PROJECTION_LAGGING") << answer.status();
    }
    ADD_FAILURE() << "the projection does not catch up";
    return -1;
  }

  ThreeProcesses processes_;
  const std::string invoice_ = processes_.NewInvoice("INV-1");
};

TEST_F(AbsentServiceTest, InvoicesAreServedWithTheirLagWhileCommentsServiceIsGone) {
  const auto posted = Post("before");
  ASSERT_TRUE(posted.ok()) << posted.status();
  ASSERT_EQ(CountIncluding(posted->consistency_token()), 1);
  processes_.comments().Kill();
  std::int64_t lag_seconds = 0;
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (lag_seconds < 2 && std::chrono::steady_clock::now() < until) {
    const auto answer = Read();
    ASSERT_TRUE(answer.ok()) << answer.status();
    EXPECT_EQ(answer->summary().comment_count(), 1);
    lag_seconds = answer->freshness().lag().seconds();
  }
  EXPECT_GE(lag_seconds, 2);
  processes_.StartComments();
  const auto after = Post("after");
  ASSERT_TRUE(after.ok()) << after.status();
  EXPECT_EQ(CountIncluding(after->consistency_token()), 2);
}

TEST_F(AbsentServiceTest, KnownThreadsAreReadAndPostedToWhileInvoiceServiceIsGone) {
  ASSERT_TRUE(Post("before").ok());
  processes_.invoices().Kill();
  const auto meanwhile = Post("meanwhile");
  ASSERT_TRUE(meanwhile.ok()) << meanwhile.status();
  processes_.comments().Kill();
  processes_.StartComments();
  ASSERT_TRUE(Post("after a restart of its own").ok());
  comments::v1::ListCommentsRequest request;
  request.set_invoice_id(invoice_);
  comments::v1::ListCommentsResponse page;
  const grpc::Status listed =
      processes_.WithOneRetry(processes_.Token("sam", "viewer"), [&](grpc::ClientContext& context) {
        return processes_.comments_stub().ListComments(&context, request, &page);
      });
  ASSERT_TRUE(listed.ok()) << listed.error_message();
  EXPECT_EQ(page.total_size(), 3);
  processes_.StartInvoices();
  EXPECT_EQ(CountIncluding(page.consistency_token()), 3);
}

TEST_F(AbsentServiceTest, AnUnknownThreadIsRefusedWithARetryHintWhileInvoiceServiceIsGone) {
  processes_.invoices().Kill();
  const auto posted = Post("the first");
  EXPECT_EQ(posted.status().code(), absl::StatusCode::kUnavailable) << posted.status();
  EXPECT_EQ(ReasonOf(posted.status()), "INVOICES_SERVICE_UNAVAILABLE");
  EXPECT_GT(RetryAfterOf(posted.status()), absl::ZeroDuration());
}

TEST_F(AbsentServiceTest, AReadWithATokenWaitsForAHeldBackProjectorAndIsNeverSilentlyStale) {
  ASSERT_TRUE(Post("before").ok());
  processes_.projector_link().Hold();
  const auto posted = Post("held back");
  ASSERT_TRUE(posted.ok()) << posted.status();
  const auto lagging = Read(posted->consistency_token());
  EXPECT_EQ(lagging.status().code(), absl::StatusCode::kUnavailable) << lagging.status();
  EXPECT_EQ(ReasonOf(lagging.status()), "PROJECTION_LAGGING");
  EXPECT_GT(RetryAfterOf(lagging.status()), absl::ZeroDuration());
  processes_.projector_link().Resume();
  EXPECT_EQ(CountIncluding(posted->consistency_token()), 2);
}

TEST_F(AbsentServiceTest, ACommentsDatabaseRestoredFromABackupIsNeverSilentlyWrong) {
  ASSERT_TRUE(Post("in the backup").ok());
  processes_.comments().Signal(SIGTERM);
  ASSERT_EQ(processes_.comments().Wait(), 0);
  const std::string database = processes_.directory().File("comments.db");
  std::filesystem::copy_file(database, database + ".backup");
  processes_.StartComments();
  std::string lost_token;
  for (int i = 0; i < 3; ++i) {
    const auto posted = Post("lost with the disk");
    ASSERT_TRUE(posted.ok()) << posted.status();
    lost_token = posted->consistency_token();
  }
  ASSERT_EQ(CountIncluding(lost_token), 4);
  processes_.comments().Kill();
  for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(database + suffix);
  std::filesystem::copy_file(database + ".backup", database);
  processes_.StartComments({"--start_new_log"});

  const auto posted = Post("after the restore");
  ASSERT_TRUE(posted.ok()) << posted.status();
  // Until the projector has met the new log it does not know the new token, and says so.
  std::int64_t count = -1;
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (count < 0 && std::chrono::steady_clock::now() < until) {
    const auto answer = Read(posted->consistency_token());
    if (answer.ok()) count = answer->summary().comment_count();
  }
  EXPECT_EQ(count, 2);
  const auto stale = Read(lost_token);
  EXPECT_EQ(stale.status().code(), absl::StatusCode::kInvalidArgument) << stale.status();
  EXPECT_EQ(ReasonOf(stale.status()), "CONSISTENCY_TOKEN_INVALID");
}

}  // namespace
}  // namespace marginalia
