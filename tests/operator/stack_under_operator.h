// The three processes on SQLite with what an operator has beside them: tokens in files, and the
// database urls.
#ifndef MARGINALIA_TESTS_OPERATOR_STACK_UNDER_OPERATOR_H_
#define MARGINALIA_TESTS_OPERATOR_STACK_UNDER_OPERATOR_H_

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "deploy/operator/backup/database_facts.h"
#include "tests/faults/history.h"
#include "tests/operator/operator_run.h"
#include "tests/support/three_processes.h"

namespace marginalia {

class OperatorTest : public testing::Test {
 protected:
  OperatorTest();

  absl::StatusOr<comments::v1::AddCommentResponse> Post(const std::string& body);
  // Posts so many and returns the last answer.
  comments::v1::AddCommentResponse PostMany(int count);
  // As it is when no token is given.
  absl::StatusOr<invoices::v1::GetInvoiceResponse> Read(const std::string& at_least_as_fresh = "");
  // The count in invoice-service, including all up to `token`; waits while it does not know it yet.
  std::int64_t CountIncluding(const std::string& token);
  comments::v1::VerifyAuditLogResponse VerifyAuditLog();

  void StopComments();
  void StopInvoices();

  OperatorOutcome BackUp(const std::string& to);
  OperatorOutcome Restore(const std::string& from, std::vector<std::string> more_flags = {});
  // audit-export as an admin.
  OperatorOutcome Export(const std::string& to, std::vector<std::string> more_flags = {});

  std::string File(const std::string& name) const { return processes_.directory().File(name); }
  std::string database() const { return File("comments.db"); }

  ThreeProcesses processes_;
  const std::string invoice_ = processes_.NewInvoice("INV-1");
};

// Whether a database that nobody has open is whole, and what is in it.
absl::StatusOr<DatabaseFacts> CheckFile(const std::string& path);

}  // namespace marginalia

#endif  // MARGINALIA_TESTS_OPERATOR_STACK_UNDER_OPERATOR_H_
