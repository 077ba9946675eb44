// Whose turn it is to have an audit log verified. What a verification finds is in audit_log_test.
#include "comments-service/verification/audit_verifier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "comments-service/schema.h"
#include "services/errors/errors.h"
#include "services/process/log.h"
#include "tests/support/await.h"
#include "tests/support/database_under_test.h"

namespace marginalia {
namespace {

class AuditVerifierTest : public testing::TestWithParam<DatabaseKind> {
 protected:
  void SetUp() override {
    auto database = Database::Open(NewDatabaseUrl(GetParam()), CommentsMigrations());
    ASSERT_TRUE(database.ok()) << database.status();
    database_ = *std::move(database);
    invoices_ = std::make_unique<InvoiceLookup>(*database_, nullptr);
    verifier_ = std::make_unique<AuditVerifier>(*database_, *invoices_);
  }

  void Ask(const Caller& caller, const std::atomic<bool>* cancelled = nullptr) {
    ++asked_;
    verifier_->Verify({.caller = caller,
                       .bearer = "",
                       .request_id = "",
                       .deadline = SteadyTime::Never(),
                       .cancelled = cancelled},
                      "", [this, org = caller.org_id](const absl::StatusOr<AuditVerdict>& verdict) {
                        const std::lock_guard lock(mutex_);
                        answered_.push_back(org);
                        statuses_.push_back(verdict.status());
                      });
  }
  // Holds the verifier's thread until the future is ready.
  void HoldUntil(std::shared_future<void> goes_on) {
    std::promise<void> held;
    verifier_->Verify(
        {.caller = first_, .bearer = "", .request_id = "", .deadline = SteadyTime::Never()}, "",
        [&held, goes_on = std::move(goes_on)](const absl::StatusOr<AuditVerdict>&) {
          held.set_value();
          goes_on.wait();
        });
    held.get_future().wait();
  }
  bool AllAnswered() {
    return Await([this] {
      const std::lock_guard lock(mutex_);
      return answered_.size() == asked_;
    });
  }

  const Caller first_{.org_id = "first", .user_id = "alex", .role = Role::kAdmin};
  const Caller second_{.org_id = "second", .user_id = "alex", .role = Role::kAdmin};
  std::unique_ptr<Database> database_;
  std::unique_ptr<InvoiceLookup> invoices_;
  std::mutex mutex_;
  std::size_t asked_ = 0;
  std::vector<std::string> answered_;
  std::vector<absl::Status> statuses_;
  std::unique_ptr<AuditVerifier> verifier_;
};

INSTANTIATE_ON_EVERY_DATABASE(AuditVerifierTest);

TEST_P(AuditVerifierTest, ATenantWaitsForOneStepOfAnotherAndNotForAllThatItAsksFor) {
  std::promise<void> go_on;
  HoldUntil(go_on.get_future().share());
  for (std::size_t i = 0; i < kTenantVerificationsMax; ++i) Ask(first_);
  Ask(second_);
  go_on.set_value();
  ASSERT_TRUE(AllAnswered());
  const auto place = std::find(answered_.begin(), answered_.end(), "second") - answered_.begin();
  EXPECT_LE(place, 1);
}

TEST_P(AuditVerifierTest, OneTenantCannotFillTheQueue) {
  std::promise<void> go_on;
  HoldUntil(go_on.get_future().share());
  for (std::size_t i = 0; i <= kTenantVerificationsMax; ++i) Ask(first_);
  EXPECT_EQ(ReasonOf(statuses_.back()), "VERIFY_QUEUE_FULL");
  EXPECT_GT(RetryAfterOf(statuses_.back()), absl::ZeroDuration());
  Ask(second_);
  go_on.set_value();
  ASSERT_TRUE(AllAnswered());
}

TEST_P(AuditVerifierTest, WhatItsCallerHasGivenUpIsDropped) {
  std::promise<void> go_on;
  HoldUntil(go_on.get_future().share());
  std::atomic<bool> cancelled = false;
  Ask(first_, &cancelled);
  cancelled = true;
  go_on.set_value();
  ASSERT_TRUE(AllAnswered());
  EXPECT_TRUE(absl::IsCancelled(statuses_.front())) << statuses_.front();
}

TEST_P(AuditVerifierTest, WhatNobodyWaitsForTakesNoPlace) {
  std::promise<void> go_on;
  HoldUntil(go_on.get_future().share());
  std::atomic<bool> cancelled = false;
  for (std::size_t i = 0; i < kTenantVerificationsMax; ++i) Ask(first_, &cancelled);
  cancelled = true;
  Ask(first_);
  // They have been answered while the verifier's thread was held.
  EXPECT_EQ(answered_.size(), kTenantVerificationsMax);
  for (const absl::Status& status : statuses_) EXPECT_TRUE(absl::IsCancelled(status)) << status;
  go_on.set_value();
  ASSERT_TRUE(AllAnswered());
  EXPECT_TRUE(statuses_.back().ok()) << statuses_.back();
}

TEST_P(AuditVerifierTest, TheLogIsToldHowFarItIs) {
  verifier_ = std::make_unique<AuditVerifier>(*database_, *invoices_, absl::ZeroDuration());
  FlushLog();
  testing::internal::CaptureStderr();
  Ask(first_);
  ASSERT_TRUE(AllAnswered());
  FlushLog();
  const std::string logged = testing::internal::GetCapturedStderr();
  for (const char* said : {R"("message":"verifying an audit log")", R"("org_id":"first")",
                           R"("stage":"threads")", R"("entries":0)", R"("entries_expected":0)"}) {
    EXPECT_THAT(logged, testing::HasSubstr(said));
  }
}

}  // namespace
}  // namespace marginalia
