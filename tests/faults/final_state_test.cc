// A state from which a process can never write again ends it, with a word about what to do: it does
// not stay, SERVING, to fail every write.
#include <gmock/gmock.h>
#include <grpcpp/client_context.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "tests/support/await.h"
#include "tests/support/postgres_node.h"
#include "tests/support/three_processes.h"

namespace marginalia {
namespace {

namespace v1 = marginalia::comments::v1;

constexpr std::chrono::seconds kEndMax{20};

grpc::Status Post(ThreeProcesses& processes, const std::string& invoice) {
  grpc::ClientContext context;
  processes.Prepare(context, processes.Token("dana", "member"), std::chrono::seconds(5),
                    /*wait_for_ready=*/false);
  v1::AddCommentRequest request;
  request.set_invoice_id(invoice);
  request.set_body("a comment");
  v1::AddCommentResponse response;
  return processes.comments_stub().AddComment(&context, request, &response);
}

// Whoever writes is told to go elsewhere, and the process is gone, with 1 and a reason.
void ExpectEndsAtTheNextWrite(ThreeProcesses& processes, const std::string& invoice,
                              const std::string& advice) {
  const grpc::Status refused = Post(processes, invoice);
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::UNAVAILABLE) << refused.error_message();
  ASSERT_TRUE(processes.comments().EndsWithin(kEndMax)) << "it goes on serving";
  EXPECT_EQ(processes.comments().Wait(), 1);
  EXPECT_TRUE(processes.comments().log().WaitFor(advice).has_value());
}

TEST(FinalStateTest, AReplicaWhoseLogAnotherOneBeganAnewEndsAndSaysWhatToDo) {
  PostgresNode node;
  node.NewDatabase("comments");
  node.NewDatabase("invoices");
  ThreeProcesses processes({.comments_url = node.Url("comments"),
                            .invoices_url = node.Url("invoices"),
                            .common_flags = {}});
  const std::string invoice = processes.NewInvoice("INV-1");
  ASSERT_TRUE(Post(processes, invoice).ok());
  ProcessUnderTest second(COMMENTS_SERVICE_BINARY, processes.directory().File("second.log"));
  second.Start({"--database_url=" + node.Url("comments"), "--listen_address=127.0.0.1:0",
                "--metrics_address=127.0.0.1:0", "--start_new_log",
                "--jwks_path=" + processes.directory().File("keys/jwks.json")});
  ExpectEndsAtTheNextWrite(processes, invoice, "start every replica again");
}

TEST(FinalStateTest, AProcessWhoseFileWasReplacedEndsAndSaysWhatToDo) {
  ThreeProcesses processes;
  const std::string invoice = processes.NewInvoice("INV-1");
  ASSERT_TRUE(Post(processes, invoice).ok());
  const std::string file = processes.directory().File("comments.db");
  std::filesystem::copy_file(file, file + ".other");
  std::filesystem::rename(file + ".other", file);
  ExpectEndsAtTheNextWrite(processes, invoice, "put the right one in its place");
}

}  // namespace
}  // namespace marginalia
