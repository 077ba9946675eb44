// The suite that most tests of comments-service belong to: one service over a database of its own.
#ifndef MARGINALIA_TESTS_COMMENTS_SERVICE_SERVICE_TEST_H_
#define MARGINALIA_TESTS_COMMENTS_SERVICE_SERVICE_TEST_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "services/errors/errors.h"
#include "tests/comments_service/client.h"
#include "tests/comments_service/service_under_test.h"
#include "tests/support/database_under_test.h"

namespace marginalia {

class ServiceTest : public testing::TestWithParam<DatabaseKind> {
 protected:
  void SetUp() override { Start(); }

  // Anew, over the same database.
  void Start(ServiceOptions options = {}) {
    if (options.database_url.empty()) options.database_url = url_;
    service_.reset();
    service_ = std::make_unique<ServiceUnderTest>(std::move(options));
  }

  ServiceUnderTest& service() { return *service_; }
  // Of the tenant "org": two members and an admin.
  Client Dana() { return service().As("org", "dana"); }
  Client Priya() { return service().As("org", "priya"); }
  Client Alex() { return service().As("org", "alex", "admin"); }

  const std::string url_ = NewDatabaseUrl(GetParam());

 private:
  std::unique_ptr<ServiceUnderTest> service_;
};

// "INVALID_FIELD", or "OK".
template <class T>
std::string Reason(const absl::StatusOr<T>& result) {
  return result.ok() ? "OK" : ReasonOf(result.status());
}

// The field that a bad argument is about.
template <class T>
std::string Field(const absl::StatusOr<T>& result) {
  const std::vector<FieldViolation> violations = FieldViolationsOf(result.status());
  return violations.size() == 1 ? violations.front().field : "";
}

}  // namespace marginalia

#endif  // MARGINALIA_TESTS_COMMENTS_SERVICE_SERVICE_TEST_H_
