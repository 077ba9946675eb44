// A thread is resolved and reopened, with words or without, once however often it is asked for.
#include <string>

#include "tests/comments_service/service_test.h"

namespace marginalia {
namespace {

namespace v1 = comments::v1;

using SettlementsTest = ServiceTest;
INSTANTIATE_ON_EVERY_DATABASE(SettlementsTest);

TEST_P(SettlementsTest, AThreadIsResolvedAndReopenedAndPostingLeavesItsState) {
  Dana().Post("INV-1", "a body");
  const auto resolved = Dana().Resolve("INV-1");
  ASSERT_TRUE(resolved.ok()) << resolved.status();
  EXPECT_EQ(resolved->thread().state(), v1::THREAD_STATE_RESOLVED);
  EXPECT_EQ(resolved->thread().state_actor().user_id(), "dana");
  EXPECT_FALSE(resolved->has_comment());
  const auto again = Dana().Resolve("INV-1");
  EXPECT_TRUE(again->replayed());
  EXPECT_EQ(service().CountRows("events"), 2);
  Dana().Post("INV-1", "one more");
  const v1::Thread thread = Dana().Thread("INV-1")->thread();
  EXPECT_EQ(thread.state(), v1::THREAD_STATE_RESOLVED);
  EXPECT_EQ(thread.comment_count(), 2);
  EXPECT_GT(thread.revision(), resolved->thread().revision());
  EXPECT_EQ(thread.SerializeAsString(), Dana().List("INV-1")->thread().SerializeAsString());
  EXPECT_EQ(Reason(Dana().Reopen("INV-1", resolved->thread().etag())), "ETAG_MISMATCH");
  const auto reopened = Dana().Reopen("INV-1", thread.etag());
  ASSERT_TRUE(reopened.ok()) << reopened.status();
  EXPECT_EQ(reopened->thread().state(), v1::THREAD_STATE_OPEN);
  Start();
  EXPECT_EQ(Dana().Thread("INV-1")->thread().SerializeAsString(),
            reopened->thread().SerializeAsString());
  EXPECT_TRUE(Alex().Verify()->intact());
}

TEST_P(SettlementsTest, WhatIsSaidWithAResolutionIsOneTransactionAndRetriedAsOne) {
  Dana().Post("INV-1", "a body");
  const std::string change = NewUuid();
  const std::string comment = NewUuid();
  const auto resolved = Dana().Resolve("INV-1", "", "settled", change, comment);
  ASSERT_TRUE(resolved.ok()) << resolved.status();
  EXPECT_EQ(resolved->comment().body(), "settled");
  EXPECT_EQ(resolved->comment().sequence(), 2);
  EXPECT_EQ(resolved->thread().place_count(), 2);
  const auto again = Dana().Resolve("INV-1", "", "settled", change, comment);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_TRUE(again->replayed());
  EXPECT_EQ(again->receipt().audit_hash(), resolved->receipt().audit_hash());
  EXPECT_EQ(Reason(Dana().Resolve("INV-1", "", "other", change, comment)), "COMMENT_ID_REUSED");
  EXPECT_EQ(Reason(Dana().Resolve("INV-1", "", "settled", change)), "CHANGE_ID_REUSED");
  EXPECT_EQ(service().CountRows("events"), 3);
  EXPECT_EQ(service().CountRows("audit_entries"), 3);
}

TEST_P(SettlementsTest, WhatIsSaidWithAChangeIdAloneIsRetriedAsOne) {
  const std::string change = NewUuid();
  const auto resolved = Dana().Resolve("INV-1", "", "settled", change);
  ASSERT_TRUE(resolved.ok()) << resolved.status();
  const auto again = Dana().Resolve("INV-1", "", "settled", change);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_TRUE(again->replayed());
  EXPECT_EQ(again->comment().comment_id(), resolved->comment().comment_id());
  EXPECT_EQ(Reason(Dana().Resolve("INV-1", "", "other", change)), "COMMENT_ID_REUSED");
  EXPECT_EQ(Reason(Dana().Resolve("INV-1", "", "", change)), "CHANGE_ID_REUSED");
  EXPECT_EQ(service().CountRows("events"), 2);
  // Without one, each is a comment of its own.
  ASSERT_TRUE(Dana().Resolve("INV-1", "", "settled").ok());
  EXPECT_FALSE(Dana().Resolve("INV-1", "", "settled")->replayed());
  EXPECT_EQ(service().CountRows("events"), 4);
}

// Only the words were written, to a thread that was so already: its retry must not settle it over
// whoever opened it since.
TEST_P(SettlementsTest, WhatChangedNoStateIsTheSameChangeWhenTheStateIsAnotherSince) {
  Dana().Post("INV-1", "a body");
  const std::string reopening = NewUuid();
  const std::string open_words = NewUuid();
  const auto opened = Dana().Reopen("INV-1", "", "still open", reopening, open_words);
  ASSERT_TRUE(opened.ok()) << opened.status();
  ASSERT_TRUE(Alex().Resolve("INV-1").ok());
  const std::string resolution = NewUuid();
  const std::string words = NewUuid();
  const auto resolved = Dana().Resolve("INV-1", "", "settled, I say", resolution, words);
  ASSERT_TRUE(resolved.ok()) << resolved.status();
  EXPECT_FALSE(resolved->replayed());
  const auto opened_again = Dana().Reopen("INV-1", "", "still open", reopening, open_words);
  ASSERT_TRUE(opened_again.ok()) << opened_again.status();
  EXPECT_TRUE(opened_again->replayed());
  EXPECT_EQ(opened_again->receipt().audit_hash(), opened->receipt().audit_hash());
  EXPECT_EQ(opened_again->thread().state(), v1::THREAD_STATE_RESOLVED);
  ASSERT_TRUE(Alex().Reopen("INV-1").ok());
  Start();
  const auto again = Dana().Resolve("INV-1", "", "settled, I say", resolution, words);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_TRUE(again->replayed());
  EXPECT_EQ(again->receipt().audit_hash(), resolved->receipt().audit_hash());
  EXPECT_EQ(again->thread().state(), v1::THREAD_STATE_OPEN);
  // The other verb, other words, or another verb altogether is another change.
  EXPECT_EQ(Reason(Dana().Reopen("INV-1", "", "settled, I say", resolution, words)),
            "CHANGE_ID_REUSED");
  EXPECT_EQ(Reason(Dana().Resolve("INV-1", "", "still open", reopening, open_words)),
            "CHANGE_ID_REUSED");
  EXPECT_EQ(Reason(Dana().Resolve("INV-1", "", "", resolution)), "CHANGE_ID_REUSED");
  EXPECT_EQ(Reason(Dana().Resolve("INV-1", "", "more", resolution, NewUuid())), "CHANGE_ID_REUSED");
  EXPECT_EQ(Reason(Dana().Edit(resolved->comment(), "other", resolution)), "CHANGE_ID_REUSED");
  EXPECT_EQ(service().CountRows("events"), 5);
  EXPECT_TRUE(Alex().Verify()->intact());
}

// Answered as a replay, its words would be nowhere.
TEST_P(SettlementsTest, WithWordsItIsAnotherChangeThanTheOneWithoutAndNoneAreLost) {
  const std::string change = NewUuid();
  ASSERT_TRUE(Dana().Resolve("INV-1", "", "", change).ok());
  EXPECT_EQ(Reason(Dana().Resolve("INV-1", "", "settled", change)), "CHANGE_ID_REUSED");
  EXPECT_EQ(Reason(Dana().Resolve("INV-1", "", "settled", change, NewUuid())), "CHANGE_ID_REUSED");
  const v1::Comment said = Dana().Post("INV-1", "settled").comment();
  EXPECT_EQ(Reason(Dana().Resolve("INV-1", "", "settled", change, said.comment_id())),
            "CHANGE_ID_REUSED");
  EXPECT_TRUE(Dana().Resolve("INV-1", "", "", change)->replayed());
  EXPECT_EQ(service().CountRows("events"), 2);
}

TEST_P(SettlementsTest, AThreadThatNobodyWroteToIsOpenAndCanBeResolved) {
  const v1::Thread empty = Dana().Thread("INV-9")->thread();
  EXPECT_EQ(empty.state(), v1::THREAD_STATE_OPEN);
  EXPECT_EQ(empty.revision(), 0);
  ASSERT_TRUE(Dana().Resolve("INV-9", empty.etag()).ok());
  EXPECT_EQ(Dana().Post("INV-9", "a body").comment().sequence(), 1);
  EXPECT_EQ(Dana().Thread("INV-9")->thread().state(), v1::THREAD_STATE_RESOLVED);
  const auto counts = service().AsService().Counts();
  ASSERT_EQ(counts->counts_size(), 1);
  EXPECT_EQ(counts->counts(0).state(), v1::THREAD_STATE_RESOLVED);
  EXPECT_EQ(counts->counts(0).comment_count(), 1);
  EXPECT_EQ(counts->counts(0).revision(), 2);
}

}  // namespace
}  // namespace marginalia
