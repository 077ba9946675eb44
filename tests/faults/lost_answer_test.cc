// A comment is durable and its answer is lost: the caller tries again under the same id and learns
// that it had been stored.
#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <string>

#include "services/rpc/client/channel.h"
#include "tests/faults/history.h"
#include "tests/support/three_processes.h"

namespace marginalia {
namespace {

class LostAnswerTest : public testing::Test {
 protected:
  grpc::Status Add(const comments::v1::AddCommentRequest& request, std::chrono::milliseconds limit,
                   bool wait_for_ready, comments::v1::AddCommentResponse& answer) {
    grpc::ClientContext context;
    processes_.Prepare(context, processes_.Token("dana", "member"), limit, wait_for_ready);
    return processes_.comments_stub().AddComment(&context, request, &answer);
  }

  // Past the relay, straight to the process.
  void AwaitStored(const comments::v1::AddCommentRequest& request) {
    const auto stub =
        comments::v1::CommentsService::NewStub(ConnectTo(processes_.comments().address()));
    comments::v1::GetCommentRequest get;
    get.set_invoice_id(request.invoice_id());
    get.set_comment_id(request.comment_id());
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    grpc::Status status;
    do {
      grpc::ClientContext context;
      processes_.Prepare(context, processes_.Token("sam", "viewer"));
      comments::v1::GetCommentResponse found;
      status = stub->GetComment(&context, get, &found);
    } while (!status.ok() && std::chrono::steady_clock::now() < until);
    ASSERT_TRUE(status.ok()) << status.error_message();
  }

  ThreeProcesses processes_;
  const std::string invoice_ = processes_.NewInvoice("INV-1");
};

TEST_F(LostAnswerTest, TheRetryAfterAKillBetweenCommitAndReplyFindsTheSameComment) {
  comments::v1::AddCommentRequest request;
  request.set_invoice_id(invoice_);
  request.set_comment_id(RandomUuid());
  request.set_body("stored, then silence");
  // The connection is there before its answers are held.
  comments::v1::AddCommentRequest first = request;
  first.set_comment_id(RandomUuid());
  comments::v1::AddCommentResponse answer;
  ASSERT_TRUE(Add(first, std::chrono::seconds(10), /*wait_for_ready=*/true, answer).ok());

  processes_.comments_front().HoldAnswers();
  std::future<grpc::Status> unanswered = std::async(std::launch::async, [&] {
    comments::v1::AddCommentResponse never;
    // Without a connection the call and its retries fail rather than wait for one.
    return Add(request, std::chrono::seconds(30), /*wait_for_ready=*/false, never);
  });
  AwaitStored(request);
  processes_.comments().Kill();
  processes_.comments_front().Cut();
  processes_.comments_front().Resume();
  EXPECT_EQ(unanswered.get().error_code(), grpc::StatusCode::UNAVAILABLE);

  processes_.StartComments();
  // The client may still be pausing after its last failed connection, which is no answer of the
  // service's.
  const grpc::Status again =
      Add(request, std::chrono::seconds(10), /*wait_for_ready=*/true, answer);
  ASSERT_TRUE(again.ok()) << again.error_message();
  EXPECT_TRUE(answer.replayed());
  EXPECT_EQ(answer.comment().comment_id(), request.comment_id());
  EXPECT_EQ(answer.comment().sequence(), 2);
}

}  // namespace
}  // namespace marginalia
