// What a caller gets who says how fresh the comment counts must be.
#include "invoice-service/freshness.h"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <future>
#include <optional>
#include <set>
#include <string>
#include <thread>

#include "services/errors/errors.h"
#include "services/process/stopwatch.h"
#include "services/tokens/token_keys.h"
#include "tests/invoice_service/service_under_test.h"
#include "tests/projector/scripted_comments.h"
#include "tests/support/await.h"
#include "tests/support/database_under_test.h"
#include "tests/support/temp_dir.h"

namespace marginalia {
namespace {

namespace v1 = invoices::v1;
using Stub = v1::InvoicesService::Stub;

class FreshnessTest : public testing::TestWithParam<DatabaseKind> {
 protected:
  void SetUp() override {
    database_url_ = NewDatabaseUrl(GetParam());
    StartService();
    v1::CreateInvoiceRequest request;
    request.mutable_invoice()->set_number("INV-1");
    request.mutable_invoice()->mutable_customer()->set_name("Acme Corp");
    request.mutable_invoice()->set_due_date("2026-06-30");
    request.mutable_invoice()->set_currency("USD");
    request.mutable_invoice()->add_line_items()->set_description("Design review");
    const auto created =
        service_->Call(&Stub::CreateInvoice, service_->Person("northlight"), request);
    ASSERT_TRUE(created.ok()) << created.status();
    invoice_id_ = created->invoice().invoice_id();
  }

  void StartService() {
    service_.emplace(database_url_, comments_.address());
    token_ = service_->Person("northlight", "viewer");
    ASSERT_TRUE(Await([this] { return service_->progress().following(); }));
  }

  // The token of a new comment.
  std::string Comment() {
    const std::int64_t position = comments_.Comment("northlight", invoice_id_);
    return MakeConsistencyToken({comments_.head().log_id, position}, "northlight");
  }

  absl::StatusOr<v1::GetInvoiceResponse> Get(const v1::Consistency& consistency,
                                             absl::Duration timeout = absl::Seconds(20)) {
    v1::GetInvoiceRequest request;
    request.set_invoice_id("INV-1");
    *request.mutable_consistency() = consistency;
    return service_->Call(&Stub::GetInvoice, token_, request, timeout);
  }
  static v1::Consistency AtLeast(const std::string& token) {
    v1::Consistency consistency;
    consistency.set_at_least_as_fresh(token);
    return consistency;
  }
  static v1::Consistency Fully() {
    v1::Consistency consistency;
    consistency.set_fully_consistent(true);
    return consistency;
  }

  std::string database_url_;
  ScriptedComments comments_;
  std::optional<ServiceUnderTest> service_;
  std::string token_;
  std::string invoice_id_;
};

INSTANTIATE_ON_EVERY_DATABASE(FreshnessTest);

TEST_P(FreshnessTest, AReadAsFreshAsATokenIncludesItsComment) {
  for (int count = 1; count <= 100; ++count) {
    const auto read = Get(AtLeast(Comment()));
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(read->summary().comment_count(), count);
  }
}

TEST_P(FreshnessTest, ATokenThatIsNotReachedIsWaitedForAndThenAnswered) {
  comments_.FallSilent(true);
  const std::string token = Comment();
  std::future<absl::StatusOr<v1::GetInvoiceResponse>> read =
      std::async(std::launch::async, [&] { return Get(AtLeast(token)); });
  ASSERT_TRUE(Await([this] { return service_->progress().waiting() == 1; }));
  comments_.FallSilent(false);
  const auto answer = read.get();
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->summary().comment_count(), 1);
}

TEST_P(FreshnessTest, ATokenThatIsNotReachedInTimeIsAnsweredAsLagging) {
  comments_.FallSilent(true);
  const std::string token = Comment();
  // Both before the caller's own deadline and before the two seconds are over.
  for (const absl::Duration timeout : {absl::Seconds(1), absl::Seconds(20)}) {
    SteadyTime begin;
    absl::Status late;
    // A machine that stood still past the caller's deadline had no time to answer.
    EXPECT_TRUE(Await([&, &timeout = timeout] {
      begin = SteadyTime::Now();
      late = Get(AtLeast(token), timeout).status();
      return !absl::IsDeadlineExceeded(late);
    }));
    EXPECT_TRUE(absl::IsUnavailable(late)) << late;
    EXPECT_EQ(ReasonOf(late), "PROJECTION_LAGGING");
    EXPECT_GT(RetryAfterOf(late), absl::ZeroDuration());
    EXPECT_LT(SteadyTime::Now() - begin, absl::Seconds(4));
  }
}

TEST_P(FreshnessTest, ATokenThatIsNoneOfTheCallersIsRefused) {
  const std::string token = Comment();
  ASSERT_TRUE(Get(AtLeast(token)).ok());
  const LogPoint head = comments_.head();
  const std::string theirs = MakeConsistencyToken(head, "rivalworks");
  const std::string machines = MakeConsistencyToken(head, "");
  const std::string other_log = MakeConsistencyToken({"00000000000000ff", 1}, "northlight");
  for (const std::string& bad :
       {std::string(), std::string("made up"), token + "x", theirs, machines, other_log}) {
    const absl::Status refused = Get(AtLeast(bad)).status();
    EXPECT_TRUE(absl::IsInvalidArgument(refused)) << refused;
    EXPECT_EQ(ReasonOf(refused), "CONSISTENCY_TOKEN_INVALID");
  }
}

TEST_P(FreshnessTest, AnAnswersOwnTokenIsGoodForTheNextRead) {
  ASSERT_TRUE(Get(AtLeast(Comment())).ok());
  const auto first = Get({});
  ASSERT_TRUE(first.ok()) << first.status();
  const auto second = Get(AtLeast(first->freshness().as_of_token()));
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(second->freshness().as_of_token(), first->freshness().as_of_token());
}

TEST_P(FreshnessTest, AFullyConsistentReadIncludesEveryCommentBeforeIt) {
  for (int count = 1; count <= 50; ++count) {
    Comment();
    const auto read = Get(Fully());
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(read->summary().comment_count(), count);
  }
}

TEST_P(FreshnessTest, ListsAndBatchesWaitAlike) {
  v1::ListInvoiceSummariesRequest list;
  *list.mutable_consistency() = AtLeast(Comment());
  const auto page = service_->Call(&Stub::ListInvoiceSummaries, token_, list);
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(page->summaries(0).comment_count(), 1);
  v1::BatchGetInvoiceSummariesRequest batch;
  batch.add_invoice_ids("INV-1");
  *batch.mutable_consistency() = AtLeast(Comment());
  const auto summaries = service_->Call(&Stub::BatchGetInvoiceSummaries, token_, batch);
  ASSERT_TRUE(summaries.ok()) << summaries.status();
  EXPECT_EQ(summaries->summaries(0).comment_count(), 2);
}

TEST_P(FreshnessTest, WithoutTheCommentsServiceInvoicesAreServedWithTheirLag) {
  ASSERT_TRUE(Get(AtLeast(Comment())).ok());
  comments_.Stop();
  const auto lag = [this] {
    const auto read = Get({});
    EXPECT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(read->summary().comment_count(), 1);
    return read->freshness().lag().seconds() + read->freshness().lag().nanos() / 1e9;
  };
  EXPECT_TRUE(Await([&] { return lag() > 1; }));
  const absl::Status refused = Get(Fully()).status();
  EXPECT_TRUE(absl::IsUnavailable(refused)) << refused;
  EXPECT_EQ(ReasonOf(refused), "COMMENTS_SERVICE_UNAVAILABLE");
  EXPECT_GT(RetryAfterOf(refused), absl::ZeroDuration());
  comments_.Start();
  EXPECT_TRUE(Await([&] { return lag() < 1; }));
  EXPECT_TRUE(Get(Fully()).ok());
}

TEST_P(FreshnessTest, AfterARestartWithoutTheCommentsServiceTheLagIsAsOldAsTheCounts) {
  ASSERT_TRUE(Get(AtLeast(Comment())).ok());
  const std::string as_of = Get({})->freshness().as_of_token();
  const SteadyTime counted = SteadyTime::Now();
  comments_.Stop();
  service_.reset();
  ASSERT_TRUE(Await([&] { return SteadyTime::Now() - counted > absl::Milliseconds(2100); }));
  service_.emplace(database_url_, comments_.address());
  token_ = service_->Person("northlight", "viewer");
  ASSERT_TRUE(Await([this] { return service_->progress().point().position == 1; }));
  const auto read = Get(AtLeast(as_of));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->summary().comment_count(), 1);
  EXPECT_GE(read->freshness().lag().seconds(), 2);
}

TEST_P(FreshnessTest, ATenantsAnswersDoNotTellWhenOthersWrite) {
  const TempDir directory;
  const std::string keys = directory.File("token.key");
  std::ofstream(keys) << std::string(64, 'a') << "\n";
  std::filesystem::permissions(keys, std::filesystem::perms(0600));
  ASSERT_TRUE(UseTokenKeys(keys).ok());
  ASSERT_TRUE(Get(AtLeast(Comment())).ok());
  // Nobody writes, and yet no two tokens are the same; each is good.
  std::set<std::string> tokens;
  for (int i = 0; i < 10; ++i) {
    const auto read = Get({});
    ASSERT_TRUE(read.ok()) << read.status();
    tokens.insert(read->freshness().as_of_token());
    EXPECT_EQ(read->freshness().lag().nanos(), 0);
    EXPECT_TRUE(Get(AtLeast(read->freshness().as_of_token())).ok());
  }
  EXPECT_EQ(tokens.size(), 10U);
  EXPECT_TRUE(UseTokenKeys("").ok());
}

TEST_P(FreshnessTest, ATokenOfTheNewLogIsWaitedForWhileTheProjectorFindsOut) {
  Comment();
  comments_.Stop();
  ASSERT_TRUE(Await([this] { return !service_->progress().following(); }));
  comments_.RestoreAt(0, "00000000000000b2");
  const std::string token = Comment();
  std::future<absl::StatusOr<v1::GetInvoiceResponse>> read =
      std::async(std::launch::async, [&] { return Get(AtLeast(token)); });
  comments_.Start();
  const auto answer = read.get();
  ASSERT_TRUE(answer.ok() || ReasonOf(answer.status()) == "PROJECTION_LAGGING") << answer.status();
  ASSERT_TRUE(Await([&] { return Get(AtLeast(token)).ok(); }));
}

TEST_P(FreshnessTest, NoAnswerOutOfTheCacheIsOlderThanItSays) {
  std::atomic<bool> done = false;
  std::thread writer([&] {
    for (int i = 0; i < 500; ++i) {
      const std::string token = Comment();
      if (i % 5 != 0) continue;
      EXPECT_TRUE(Get(AtLeast(token)).ok());
    }
    done = true;
  });
  // Every event is a comment on this invoice, so the count is the position.
  while (!done) {
    const auto read = Get({});
    ASSERT_TRUE(read.ok()) << read.status();
    if (read->freshness().as_of_token().empty()) continue;
    const auto as_of = ParseConsistencyToken(read->freshness().as_of_token(), "northlight", "", "");
    ASSERT_TRUE(as_of.ok()) << as_of.status();
    EXPECT_GE(read->summary().comment_count(), as_of->position);
  }
  writer.join();
}

}  // namespace
}  // namespace marginalia
