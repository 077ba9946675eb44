// Which imports of what had been edited, removed and closed elsewhere are taken, and which refused.
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/comments_service/imported_changes_fixture.h"

namespace marginalia {
namespace {

namespace v1 = comments::v1;

using ImportedChangesRulesTest = ImportedChangesFixture;
INSTANTIATE_ON_EVERY_DATABASE(ImportedChangesRulesTest);

TEST_P(ImportedChangesRulesTest, TheSameImportAgainWritesNothingWhateverHasHappenedSince) {
  const v1::ImportCommentsRequest request = Imported();
  const auto again = [&] {
    const std::int64_t entries = service().CountRows("audit_entries");
    const auto answer = Import(request);
    EXPECT_TRUE(answer.ok()) << answer.status();
    EXPECT_EQ(answer->imported_count(), 0);
    EXPECT_EQ(answer->replayed_count(), 5);
    EXPECT_EQ(service().CountRows("audit_entries"), entries);
    EXPECT_TRUE(Alex().ListAtLeast(answer->consistency_token(), kThread).ok());
  };
  again();
  ASSERT_TRUE(Author().Edit(At(1), "no longer plain").ok());
  ASSERT_TRUE(Author().Edit(At(2), "edited here").ok());
  ASSERT_TRUE(Alex().Erase(At(3), "asked for").ok());
  Author().Post(kThread, "later");
  ASSERT_TRUE(Author().Reopen(kThread).ok());
  again();
  EXPECT_EQ(Alex().Thread(kThread)->thread().state(), v1::THREAD_STATE_OPEN);
  ExpectIntact();
}

TEST_P(ImportedChangesRulesTest, AnythingElseUnderTheSameIdIsRefused) {
  const v1::ImportCommentsRequest request = Imported();
  const auto refused = [&](int item, const std::function<void(v1::ImportedComment&)>& change) {
    v1::ImportCommentsRequest other = request;
    change(*other.mutable_comments(item));
    const auto answer = Import(other);
    EXPECT_EQ(ErrorMetadataOf(answer.status(), "field"),
              absl::StrCat("comments[", item, "].comment_id"));
    return Reason(answer);
  };
  using Item = v1::ImportedComment;
  const std::vector<std::pair<int, std::function<void(Item&)>>> changes = {
      {0, [](Item& item) { item.mutable_edit_time()->set_seconds(kStart + 100); }},
      {0, [](Item& item) { SetRemoval(item, kStart + 200); }},
      {1, [](Item& item) { item.clear_edit_time(); }},
      {1, [](Item& item) { item.mutable_edit_time()->set_nanos(1'000); }},
      {2, [](Item& item) { item.clear_removal(); }},
      {2, [](Item& item) { item.set_body("something else"); }},
      {2, [](Item& item) { item.clear_body(); }},
      {2, [](Item& item) { item.mutable_removal()->mutable_time()->set_nanos(1'000); }},
      {2, [](Item& item) { item.mutable_removal()->mutable_actor()->set_user_id("old"); }},
      {2, [](Item& item) { item.mutable_removal()->mutable_actor()->set_display_name("Old"); }},
      {2, [](Item& item) { item.mutable_removal()->set_reason(""); }},
      {2, [](Item& item) { item.mutable_edit_time()->set_seconds(kStart + 100); }},
      {3, [](Item& item) { item.set_body("it said this"); }},
      {4, [](Item& item) { item.clear_edit_time(); }}};
  for (std::size_t i = 0; i < changes.size(); ++i) {
    EXPECT_EQ(refused(changes[i].first, changes[i].second), "COMMENT_ID_REUSED") << i;
  }
  // The same of an item that one request has twice.
  v1::ImportCommentsRequest twice;
  twice.set_invoice_id("INV-2");
  SetRemoval(AddItem(twice, "once"), kStart + 200);
  *twice.add_comments() = twice.comments(0);
  twice.mutable_comments(1)->mutable_removal()->set_reason("another");
  EXPECT_EQ(Reason(Import(twice)), "COMMENT_ID_REUSED");
  twice.mutable_comments(1)->mutable_removal()->set_reason(twice.comments(0).removal().reason());
  EXPECT_EQ(Import(twice)->replayed_count(), 1);
  ExpectIntact();
}

// The field that the refused import names; nothing was imported.
TEST_P(ImportedChangesRulesTest, OneBadFieldRefusesTheWholeImport) {
  const std::int64_t future = absl::ToUnixSeconds(absl::Now() + absl::Hours(1));
  using Request = v1::ImportCommentsRequest;
  const std::vector<std::pair<std::string, std::function<void(Request&)>>> changes = {
      {"comments[1].edit_time",
       [](Request& r) { r.mutable_comments(1)->mutable_edit_time()->set_seconds(kStart); }},
      {"comments[1].edit_time",
       [&](Request& r) { r.mutable_comments(1)->mutable_edit_time()->set_seconds(future); }},
      {"comments[1].edit_time",
       [](Request& r) { r.mutable_comments(1)->mutable_edit_time()->set_nanos(-1); }},
      {"comments[4].removal.time", [](Request& r) { SetRemoval(*r.mutable_comments(4), 1); }},
      {"comments[4].removal.time",
       [](Request& r) { SetRemoval(*r.mutable_comments(4), kStart + 49); }},
      {"comments[2].removal.time", [&](Request& r) { SetRemoval(*r.mutable_comments(2), future); }},
      {"comments[2].removal.time",
       [](Request& r) { r.mutable_comments(2)->mutable_removal()->clear_time(); }},
      {"comments[2].removal.actor.user_id",
       [](Request& r) { r.mutable_comments(2)->mutable_removal()->clear_actor(); }},
      {"comments[2].removal.actor.display_name",
       [](Request& r) {
         r.mutable_comments(2)->mutable_removal()->mutable_actor()->set_display_name("a\nb");
       }},
      {"comments[2].removal.reason",
       [](Request& r) {
         r.mutable_comments(2)->mutable_removal()->set_reason(std::string(501, 'x'));
       }},
      {"comments[2].removal.reason",
       [](Request& r) { r.mutable_comments(2)->mutable_removal()->set_reason("\u200B"); }},
      {"comments[2].body", [](Request& r) { r.mutable_comments(2)->set_body(" "); }},
      {"comments[1].body", [](Request& r) { r.mutable_comments(1)->clear_body(); }},
      {"state", [](Request& r) { r.clear_state(); }},
      {"state", [](Request& r) { r.set_state(v1::THREAD_STATE_OPEN); }},
      {"state", [](Request& r) { r.set_state(static_cast<v1::ThreadState>(3)); }},
      {"state_time", [](Request& r) { r.clear_state_time(); }},
      {"state_time", [](Request& r) { r.mutable_state_time()->set_seconds(kStart + 3); }},
      {"state_time", [&](Request& r) { r.mutable_state_time()->set_seconds(future); }},
      {"state_actor.user_id", [](Request& r) { r.clear_state_actor(); }},
      {"state_actor.display_name",
       [](Request& r) { r.mutable_state_actor()->set_display_name("\u3164"); }}};
  for (std::size_t i = 0; i < changes.size(); ++i) {
    Request request = WholeThread();
    changes[i].second(request);
    const auto refused = Import(request);
    EXPECT_EQ(refused.status().code(), absl::StatusCode::kInvalidArgument) << i;
    EXPECT_EQ(Field(refused), changes[i].first) << i;
  }
  EXPECT_EQ(service().CountRows("comments") + service().CountRows("audit_entries"), 0);
  // Times from before there is one, which stand for never.
  Request old = WholeThread();
  for (v1::ImportedComment& item : *old.mutable_comments()) {
    item.clear_edit_time();
    item.clear_removal();
    item.set_body("old");
    item.mutable_create_time()->set_seconds(-5);
  }
  old.mutable_comments(2)->mutable_edit_time()->set_seconds(0);
  EXPECT_EQ(Field(Import(old)), "comments[2].edit_time");
  old.mutable_comments(2)->mutable_edit_time()->set_nanos(1'000);
  EXPECT_TRUE(Import(old).ok());
  ExpectIntact();
}

TEST_P(ImportedChangesRulesTest, ARefusalInTheMiddleLeavesTheThreadAsItWas) {
  service().As("org", "dana").Post("INV-2", "mine");
  const std::string taken = Alex().List("INV-2")->comments(0).comment_id();
  v1::ImportCommentsRequest request = WholeThread();
  request.mutable_comments(4)->set_comment_id(taken);
  EXPECT_EQ(Reason(Import(request)), "COMMENT_ID_REUSED");
  EXPECT_EQ(Alex().Thread(kThread)->thread().place_count(), 0);
  EXPECT_EQ(service().CountRows("comment_revisions"), 0);
  Imported();
  EXPECT_EQ(Alex().Thread(kThread)->thread().comment_count(), 2);
  ExpectIntact();
}

TEST_P(ImportedChangesRulesTest, AThreadIsClosedBehindWhatItHasAndNotBeforeItsLastState) {
  v1::ImportCommentsRequest first = WholeThread();
  first.clear_state();
  first.clear_state_time();
  first.clear_state_actor();
  ASSERT_TRUE(Import(first).ok());
  v1::ImportCommentsRequest closing = WholeThread();
  closing.clear_comments();
  *closing.add_comments() = first.comments(0);
  closing.mutable_state_time()->set_seconds(kStart + 3);
  EXPECT_EQ(Field(Import(closing)), "state_time");
  closing.mutable_state_time()->set_seconds(kStart + 1000);
  ASSERT_TRUE(Import(closing).ok());
  EXPECT_EQ(Alex().Thread(kThread)->thread().etag(), "t6");
  // Somebody else at the same time, or anybody before: the thread was closed later than that.
  v1::ImportCommentsRequest other = closing;
  other.mutable_state_actor()->set_display_name("Another");
  EXPECT_EQ(Field(Import(other)), "state_time");
  other.mutable_state_time()->set_seconds(kStart + 999);
  EXPECT_EQ(Field(Import(other)), "state_time");
  // It was opened there, and closed again.
  other.mutable_state_time()->set_seconds(kStart + 1001);
  ASSERT_TRUE(Import(other).ok());
  EXPECT_EQ(Alex().Thread(kThread)->thread().state_actor().display_name(), "Another");
  EXPECT_EQ(Alex().Thread(kThread)->thread().etag(), "t7");
  EXPECT_TRUE(Import(closing).ok());
  EXPECT_EQ(Alex().Thread(kThread)->thread().etag(), "t7");
  ASSERT_TRUE(Author().Reopen(kThread).ok());
  other.mutable_state_time()->set_seconds(kStart + 1002);
  EXPECT_EQ(Field(Import(other)), "state_time");
  ExpectIntact();
}

// As here, where what a closed thread says can be edited and removed. One request or several: the
// rule is the same.
TEST_P(ImportedChangesRulesTest, AThreadMayHaveBeenClosedBeforeItsLastEditOrRemoval) {
  v1::ImportCommentsRequest whole = WholeThread();
  whole.mutable_state_time()->set_seconds(kStart + 4);
  const auto at_once = Import(whole);
  ASSERT_TRUE(at_once.ok()) << at_once.status();
  EXPECT_EQ(Alex().Thread(kThread)->thread().state_time().seconds(), kStart + 4);
  v1::ImportCommentsRequest part = WholeThread();
  part.set_invoice_id("INV-2");
  v1::ImportCommentsRequest closing = part;
  closing.mutable_state_time()->set_seconds(kStart + 4);
  closing.mutable_comments()->DeleteSubrange(0, 4);
  part.clear_state();
  part.clear_state_time();
  part.clear_state_actor();
  part.mutable_comments()->RemoveLast();
  ASSERT_TRUE(Import(part).ok());
  closing.mutable_state_time()->set_seconds(kStart + 3);
  EXPECT_EQ(Field(Import(closing)), "state_time");
  closing.mutable_state_time()->set_seconds(kStart + 4);
  ASSERT_TRUE(Import(closing).ok());
  EXPECT_EQ(Alex().Thread("INV-2")->thread().state_time().seconds(), kStart + 4);
  EXPECT_EQ(Import(closing)->replayed_count(), 1);
  ExpectIntact();
}

TEST_P(ImportedChangesRulesTest, TheLargestLegalImportIsTaken) {
  const auto wide = [](std::size_t count) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i) text += "\U0001F600";
    return text;
  };
  v1::ImportCommentsRequest request;
  request.set_invoice_id(std::string(64, 'I'));
  v1::Author person;
  person.set_user_id(std::string(128, 'u'));
  person.set_display_name(wide(200));
  v1::Removal removal;
  removal.mutable_time()->set_seconds(kStart + 2);
  removal.mutable_time()->set_nanos(999'999'999);
  *removal.mutable_actor() = person;
  removal.set_reason(wide(500));
  for (int i = 0; i < 500; ++i) {
    v1::ImportedComment& item = AddItem(request, wide(10'000));
    *item.mutable_author() = person;
    item.mutable_create_time()->set_seconds(-62'135'596'800);
    item.mutable_create_time()->set_nanos(999'999'999);
    item.mutable_edit_time()->set_seconds(kStart + 1);
    item.mutable_edit_time()->set_nanos(999'999'999);
    *item.mutable_removal() = removal;
  }
  request.set_state(v1::THREAD_STATE_RESOLVED);
  *request.mutable_state_time() = removal.time();
  *request.mutable_state_actor() = person;
  const auto imported = Import(request);
  ASSERT_TRUE(imported.ok()) << imported.status();
  EXPECT_EQ(imported->imported_count(), 500);
  EXPECT_EQ(Import(request)->replayed_count(), 500);
  const v1::Thread thread = Alex().Thread(request.invoice_id())->thread();
  EXPECT_EQ(thread.comment_count(), 0);
  EXPECT_EQ(thread.place_count(), 500);
}

}  // namespace
}  // namespace marginalia
