// The projection's commands against the real services, in plain text and over mTLS.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "deploy/operator/backup/sqlite_file.h"
#include "tests/operator/stack_under_operator.h"
#include "tests/tls/secure_processes.h"

namespace marginalia {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class ProjectionCommandsTest : public OperatorTest {
 protected:
  OperatorOutcome Run(const std::string& command, const std::string& token = "service.jwt") {
    return RunOperator({command, "--invoices_address=" + processes_.invoices().address(),
                        "--token_path=" + File(token)});
  }
};

TEST_F(ProjectionCommandsTest, AWrongCountIsFoundAndRepaired) {
  ASSERT_EQ(CountIncluding(PostMany(3).consistency_token()), 3);
  const OperatorOutcome agreed = Run("projection-verify");
  EXPECT_EQ(agreed.exit_code, 0) << agreed.error;
  EXPECT_THAT(agreed.out, StartsWith("compared 1 threads, 0 differ, as of "));
  StopInvoices();
  {
    const auto file = SqliteFile::Open(File("invoices.db"), SqliteAccess::kPrivate);
    ASSERT_TRUE(file.ok()) << file.status();
    ASSERT_TRUE((*file)->Run("UPDATE comment_counts SET comment_count = 2").ok());
  }
  processes_.StartInvoices();
  const OperatorOutcome differs = Run("projection-verify");
  EXPECT_EQ(differs.exit_code, 1) << differs.error;
  EXPECT_THAT(differs.out, StartsWith("compared 1 threads, 1 differ"));
  EXPECT_THAT(differs.error, HasSubstr("1 counts are wrong: projection-rebuild repairs them"));
  const OperatorOutcome rebuilt = Run("projection-rebuild");
  EXPECT_EQ(rebuilt.exit_code, 0) << rebuilt.error;
  EXPECT_THAT(rebuilt.out, StartsWith("compared 1 threads, repaired 1, as of "));
  EXPECT_EQ(Run("projection-verify").exit_code, 0);
  EXPECT_EQ(Read()->summary().comment_count(), 3);
}

TEST_F(ProjectionCommandsTest, NoCustomerMayAndAnAbsentServiceIsNoDifference) {
  for (const char* customer : {"dana.jwt", "alex.jwt"}) {
    const OperatorOutcome refused = Run("projection-rebuild", customer);
    EXPECT_EQ(refused.exit_code, 2);
    EXPECT_THAT(refused.error, HasSubstr("ROLE_TOO_LOW"));
  }
  StopInvoices();
  const OperatorOutcome absent = Run("projection-verify");
  EXPECT_EQ(absent.exit_code, 2);
  EXPECT_THAT(absent.error, HasSubstr("VerifyProjection of "));
  EXPECT_THAT(absent.error, HasSubstr(": cannot be reached: "));
  EXPECT_THAT(absent.error, HasSubstr("Connection refused"));
}

TEST(SecureOperatorTest, TheCommandsSpeakMutualTls) {
  const CertificateAuthority authority("our authority");
  SecureProcesses processes(authority);
  TempDir directory;
  WriteWhole(directory.File("service.jwt"), processes.Token("service"));
  const UpstreamTls tls = processes.As("invoice-service");
  std::vector<std::string> arguments = {
      "projection-verify", "--invoices_address=" + processes.invoices_address(),
      "--token_path=" + directory.File("service.jwt"), "--upstream_ca_path=" + tls.ca_path};
  EXPECT_EQ(RunOperator(arguments).exit_code, 2);
  arguments.push_back("--upstream_certificate_path=" + tls.identity.certificate_path);
  arguments.push_back("--upstream_key_path=" + tls.identity.key_path);
  const OperatorOutcome outcome = RunOperator(arguments);
  EXPECT_EQ(outcome.exit_code, 0) << outcome.error;
}

}  // namespace
}  // namespace marginalia
