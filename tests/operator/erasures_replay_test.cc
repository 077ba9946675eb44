// A backup that is older than an erasure, restored: what was erased is erased again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "services/rpc/grpc_status.h"
#include "tests/operator/stack_under_operator.h"

namespace marginalia {
namespace {

using testing::HasSubstr;

class ErasuresReplayTest : public OperatorTest {
 protected:
  absl::Status Erase(const std::string& comment_id) {
    comments::v1::EraseCommentRequest request;
    request.set_invoice_id(invoice_);
    request.set_comment_id(comment_id);
    request.set_reason("a card number");
    comments::v1::EraseCommentResponse answer;
    return FromGrpc(processes_.WithOneRetry(
        processes_.Token("alex", "admin"), [&](grpc::ClientContext& context) {
          return processes_.comments_stub().EraseComment(&context, request, &answer);
        }));
  }
  comments::v1::Comment Get(const std::string& comment_id) {
    comments::v1::GetCommentRequest request;
    request.set_invoice_id(invoice_);
    request.set_comment_id(comment_id);
    comments::v1::GetCommentResponse answer;
    const grpc::Status status = processes_.WithOneRetry(
        processes_.Token("alex", "admin"), [&](grpc::ClientContext& context) {
          return processes_.comments_stub().GetComment(&context, request, &answer);
        });
    EXPECT_TRUE(status.ok()) << status.error_message();
    return answer.comment();
  }
  OperatorOutcome Replay(const std::string& from, const std::string& token = "alex.jwt") {
    return RunOperator({"erasures-replay", "--from=" + from, "--token_path=" + File(token),
                        "--comments_address=" + processes_.comments().address()});
  }
};

TEST_F(ErasuresReplayTest, ARestoredBackupLosesWhatWasErasedSince) {
  const std::string kept = Post("stays")->comment().comment_id();
  const std::string erased = Post("4111 1111 1111 1111")->comment().comment_id();
  ASSERT_EQ(BackUp(File("backup")).exit_code, 0);
  const std::string later = Post("4111 1111 1111 1111, after the backup")->comment().comment_id();
  ASSERT_TRUE(Erase(erased).ok());
  ASSERT_TRUE(Erase(later).ok());
  ASSERT_EQ(Export(File("audit")).exit_code, 0);
  StopComments();
  ASSERT_EQ(Restore(File("backup"), {"--replace"}).exit_code, 0);
  processes_.StartComments();
  ASSERT_EQ(Get(erased).body(), "4111 1111 1111 1111");

  const OperatorOutcome replayed = Replay(File("audit"));
  EXPECT_EQ(replayed.exit_code, 0) << replayed.error;
  EXPECT_EQ(replayed.out, "erased 1 comments; 0 were erased already, 1 are not there\n");
  const comments::v1::Comment gone = Get(erased);
  EXPECT_EQ(gone.body(), "");
  EXPECT_TRUE(gone.erased());
  EXPECT_EQ(gone.removal().reason(), "a card number");
  EXPECT_EQ(Get(kept).body(), "stays");
  EXPECT_TRUE(VerifyAuditLog().intact());
  EXPECT_EQ(Replay(File("audit")).out,
            "erased 0 comments; 1 were erased already, 1 are not there\n");
}

TEST_F(ErasuresReplayTest, WhatIsNotTheTenantsOrNotWholeErasesNothing) {
  const std::string comment = Post("stays")->comment().comment_id();
  ASSERT_EQ(Export(File("audit")).exit_code, 0);
  WriteWhole(File("rivals.jwt"), processes_.Token("mallory", "admin", "rivalworks"));
  const OperatorOutcome empty = Replay(File("audit"), "rivals.jwt");
  EXPECT_EQ(empty.exit_code, 2);
  EXPECT_THAT(empty.error, HasSubstr("has no comments at all"));

  std::string lines = ReadWhole(File("audit"));
  lines.replace(lines.find("northlight"), 10, "rivalworks");
  WriteWhole(File("foreign"), lines);
  const OperatorOutcome foreign = Replay(File("foreign"));
  EXPECT_EQ(foreign.exit_code, 1);
  EXPECT_THAT(foreign.error, HasSubstr("line 1: it is of tenant \"rivalworks\""));

  WriteWhole(File("damaged"), "{}\n");
  EXPECT_EQ(Replay(File("damaged")).exit_code, 1);
  EXPECT_EQ(Replay(File("audit"), "dana.jwt").exit_code, 2);
  EXPECT_EQ(Replay(File("absent")).exit_code, 2);
  EXPECT_EQ(Get(comment).body(), "stays");
}

}  // namespace
}  // namespace marginalia
