#include "tests/operator/stack_under_operator.h"

#include <signal.h>

#include "deploy/operator/backup/sqlite_file.h"
#include "services/rpc/grpc_status.h"
#include "tests/support/await.h"

namespace marginalia {

OperatorTest::OperatorTest() {
  WriteWhole(File("alex.jwt"), processes_.Token("alex", "admin") + "\n");
  WriteWhole(File("dana.jwt"), processes_.Token("dana", "member"));
}

absl::StatusOr<comments::v1::AddCommentResponse> OperatorTest::Post(const std::string& body) {
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

comments::v1::AddCommentResponse OperatorTest::PostMany(int count) {
  comments::v1::AddCommentResponse last;
  for (int i = 0; i < count; ++i) {
    const auto posted = Post("comment " + std::to_string(i) + std::string(200, '.'));
    EXPECT_TRUE(posted.ok()) << posted.status();
    if (posted.ok()) last = *posted;
  }
  return last;
}

absl::StatusOr<invoices::v1::GetInvoiceResponse> OperatorTest::Read(
    const std::string& at_least_as_fresh) {
  invoices::v1::GetInvoiceRequest request;
  request.set_invoice_id(invoice_);
  if (!at_least_as_fresh.empty()) {
    request.mutable_consistency()->set_at_least_as_fresh(at_least_as_fresh);
  }
  invoices::v1::GetInvoiceResponse answer;
  const grpc::Status status = processes_.WithOneRetry(
      processes_.Token("dana", "member"), [&](grpc::ClientContext& context) {
        return processes_.invoices_stub().GetInvoice(&context, request, &answer);
      });
  if (!status.ok()) return FromGrpc(status);
  return answer;
}

std::int64_t OperatorTest::CountIncluding(const std::string& token) {
  std::int64_t count = -1;
  const bool known = Await([&] {
    const auto answer = Read(token);
    if (answer.ok()) count = answer->summary().comment_count();
    return answer.ok();
  });
  EXPECT_TRUE(known) << "the projection does not catch up";
  return count;
}

comments::v1::VerifyAuditLogResponse OperatorTest::VerifyAuditLog() {
  comments::v1::VerifyAuditLogResponse answer;
  const grpc::Status status =
      processes_.WithOneRetry(processes_.Token("alex", "admin"), [&](grpc::ClientContext& context) {
        return processes_.comments_stub().VerifyAuditLog(&context, {}, &answer);
      });
  EXPECT_TRUE(status.ok()) << status.error_message();
  return answer;
}

void OperatorTest::StopComments() {
  processes_.comments().Signal(SIGTERM);
  ASSERT_EQ(processes_.comments().Wait(), 0);
}

void OperatorTest::StopInvoices() {
  processes_.invoices().Signal(SIGTERM);
  ASSERT_EQ(processes_.invoices().Wait(), 0);
}

OperatorOutcome OperatorTest::BackUp(const std::string& to) {
  return RunOperator({"backup", "--database_url=sqlite:" + database(), "--to=" + to});
}

OperatorOutcome OperatorTest::Restore(const std::string& from,
                                      std::vector<std::string> more_flags) {
  std::vector<std::string> arguments = {"restore", "--database_url=sqlite:" + database(),
                                        "--from=" + from};
  arguments.insert(arguments.end(), more_flags.begin(), more_flags.end());
  return RunOperator(arguments);
}

OperatorOutcome OperatorTest::Export(const std::string& to, std::vector<std::string> more_flags) {
  std::vector<std::string> arguments = {"audit-export",
                                        "--comments_address=" + processes_.comments().address(),
                                        "--token_path=" + File("alex.jwt"), "--to=" + to};
  arguments.insert(arguments.end(), more_flags.begin(), more_flags.end());
  return RunOperator(arguments);
}

absl::StatusOr<DatabaseFacts> CheckFile(const std::string& path) {
  const auto file = SqliteFile::Open(path, SqliteAccess::kFinished);
  if (!file.ok()) return file.status();
  return CheckDatabase(**file);
}

}  // namespace marginalia
