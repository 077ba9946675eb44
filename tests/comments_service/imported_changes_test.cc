// Imports of what had been edited, removed and closed elsewhere: what is stored is what the living
// thread would have, and what happens to it next.
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/comments_service/service_test.h"

namespace marginalia {
namespace {

namespace v1 = comments::v1;

constexpr std::int64_t kStart = 1'600'000'000;
constexpr char kThread[] = "INV-1";

v1::ImportedComment& AddItem(v1::ImportCommentsRequest& request, const std::string& body) {
  const int place = request.comments_size();
  v1::ImportedComment& item = *request.add_comments();
  item.set_comment_id(NewUuid());
  item.mutable_author()->set_user_id("old");
  item.mutable_author()->set_display_name("Old Hand");
  item.set_body(body);
  item.mutable_create_time()->set_seconds(kStart + place);
  return item;
}

void SetRemoval(v1::ImportedComment& item, std::int64_t seconds) {
  v1::Removal& removal = *item.mutable_removal();
  removal.mutable_time()->set_seconds(seconds);
  removal.mutable_actor()->set_user_id("boss");
  removal.mutable_actor()->set_display_name("The \"Boss\"");
  removal.set_reason("wrong thread\nC:\\");
}

// One that never changed, an edited one, a removed one, one whose text nobody knows any more, and
// an edited one that was removed; closed a thousand seconds later.
v1::ImportCommentsRequest WholeThread() {
  v1::ImportCommentsRequest request;
  request.set_invoice_id(kThread);
  AddItem(request, "plain");
  AddItem(request, "edited").mutable_edit_time()->set_seconds(kStart + 100);
  SetRemoval(AddItem(request, "taken back"), kStart + 200);
  SetRemoval(AddItem(request, ""), kStart + 300);
  v1::ImportedComment& both = AddItem(request, "edited, then taken back");
  both.mutable_edit_time()->set_seconds(kStart + 50);
  SetRemoval(both, kStart + 400);
  request.set_state(v1::THREAD_STATE_RESOLVED);
  request.mutable_state_time()->set_seconds(kStart + 1000);
  request.mutable_state_actor()->set_user_id("closer");
  request.mutable_state_actor()->set_display_name("The Closer");
  return request;
}

class ImportedChangesTest : public ServiceTest {
 protected:
  void SetUp() override {
    ServiceOptions options;
    options.edit_window = absl::InfiniteDuration();
    Start(std::move(options));
  }

  absl::StatusOr<v1::ImportCommentsResponse> Import(const v1::ImportCommentsRequest& request) {
    return service().AsService("org").Import(request);
  }
  v1::ImportCommentsRequest Imported() {
    v1::ImportCommentsRequest request = WholeThread();
    const auto imported = Import(request);
    EXPECT_TRUE(imported.ok()) << imported.status();
    return request;
  }
  Client Author() { return service().As("org", "old"); }
  v1::Comment At(int sequence) {
    const auto page = Alex().List(kThread, 100);
    EXPECT_TRUE(page.ok()) << page.status();
    return page->comments(page->comments_size() - sequence);
  }
  void ExpectIntact() {
    const auto verdict = Alex().Verify();
    ASSERT_TRUE(verdict.ok()) << verdict.status();
    EXPECT_TRUE(verdict->intact()) << verdict->first_broken_what();
    EXPECT_TRUE(Alex().Verify(kThread)->intact());
  }
};
INSTANTIATE_ON_EVERY_DATABASE(ImportedChangesTest);

TEST_P(ImportedChangesTest, AnEditedOneIsInItsFirstRevisionAndSaysSince) {
  Imported();
  const v1::Comment comment = At(2);
  EXPECT_EQ(comment.body(), "edited");
  EXPECT_EQ(comment.create_time().seconds(), kStart + 1);
  EXPECT_EQ(comment.edit_time().seconds(), kStart + 100);
  EXPECT_EQ(comment.revision(), 1);
  EXPECT_EQ(Alex().Get(kThread, comment.comment_id())->comment().SerializeAsString(),
            comment.SerializeAsString());
  const auto revisions = service().As("org", "dana").Revisions(comment);
  ASSERT_EQ(revisions->revisions_size(), 1);
  EXPECT_EQ(revisions->revisions(0).body(), "edited");
  EXPECT_EQ(revisions->revisions(0).time().seconds(), kStart + 100);
  EXPECT_FALSE(At(1).has_edit_time());
}

TEST_P(ImportedChangesTest, ARemovedOneKeepsItsPlaceAndItsTextForAdmins) {
  const v1::ImportCommentsRequest request = Imported();
  for (const int sequence : {3, 4, 5}) {
    const v1::Comment comment = At(sequence);
    EXPECT_EQ(comment.comment_id(), request.comments(sequence - 1).comment_id());
    EXPECT_EQ(comment.body(), "");
    EXPECT_EQ(comment.author().user_id(), "old");
    EXPECT_EQ(comment.removal().SerializeAsString(),
              request.comments(sequence - 1).removal().SerializeAsString());
    EXPECT_EQ(Reason(service().As("org", "dana").Revisions(comment)), "ROLE_TOO_LOW");
    const auto revisions = Alex().Revisions(comment);
    ASSERT_EQ(revisions->revisions_size(), 1);
    EXPECT_EQ(revisions->revisions(0).body(), request.comments(sequence - 1).body());
    // Of one whose text nobody knows any more it is told.
    EXPECT_EQ(comment.erased(), sequence == 4);
    EXPECT_EQ(revisions->revisions(0).erased(), sequence == 4);
  }
  EXPECT_EQ(At(5).edit_time().seconds(), kStart + 50);
  EXPECT_EQ(Reason(Author().Edit(At(3), "again")), "COMMENT_REMOVED");
}

TEST_P(ImportedChangesTest, TheThreadIsClosedAndCountsWhatIsShown) {
  Imported();
  const v1::Thread thread = Alex().Thread(kThread)->thread();
  EXPECT_EQ(thread.state(), v1::THREAD_STATE_RESOLVED);
  EXPECT_EQ(thread.state_time().seconds(), kStart + 1000);
  EXPECT_EQ(thread.state_actor().user_id(), "closer");
  EXPECT_EQ(thread.state_actor().display_name(), "The Closer");
  EXPECT_EQ(thread.place_count(), 5);
  EXPECT_EQ(thread.comment_count(), 2);
  EXPECT_EQ(thread.last_comment_time().seconds(), kStart + 4);
  // Five comments and one change.
  EXPECT_EQ(thread.revision(), 6);
  EXPECT_EQ(thread.etag(), "t6");
  const auto counts = service().AsService().Counts();
  ASSERT_EQ(counts->counts_size(), 1);
  EXPECT_EQ(counts->counts(0).comment_count(), 2);
  EXPECT_EQ(counts->counts(0).state(), v1::THREAD_STATE_RESOLVED);
  EXPECT_EQ(counts->counts(0).revision(), 6);
  EXPECT_EQ(Alex().Recent(1)->total_size(), 5);
  EXPECT_EQ(Alex().List(kThread, 1)->total_size(), 5);
  EXPECT_EQ(Alex().ReadStates({kThread})->read_states(0).unread_count(), 2);
  // As a settled thread, it is posted to and reopened.
  EXPECT_EQ(Author().Post(kThread, "One more thing.").comment().sequence(), 6);
  EXPECT_EQ(Alex().Thread(kThread)->thread().etag(), "t7");
  EXPECT_EQ(Author().Reopen(kThread, "t7")->thread().comment_count(), 3);
  ExpectIntact();
}

TEST_P(ImportedChangesTest, EventsTellWhatIsThereAfterThem) {
  const v1::ImportCommentsRequest request = Imported();
  WatchStream watch = service().As("org", "dana").WatchFromBeginning();
  const auto events = watch.Events(6);
  ASSERT_EQ(events.size(), 6U);
  const std::vector<std::int64_t> shown = {1, 2, 2, 2, 2, 2};
  for (std::size_t i = 0; i < events.size(); ++i) {
    const v1::Event& event = events[i];
    EXPECT_EQ(event.thread().comment_count(), shown[i]);
    EXPECT_EQ(event.thread().revision(), static_cast<std::int64_t>(i) + 1);
    EXPECT_EQ(event.SerializeAsString().find("taken back"), std::string::npos);
    if (i == 5) break;
    EXPECT_EQ(event.thread().state(), v1::THREAD_STATE_OPEN);
    EXPECT_EQ(event.comment_added().thread_comment_count(), static_cast<std::int64_t>(i) + 1);
    EXPECT_EQ(event.comment_added().comment().SerializeAsString(),
              At(static_cast<int>(i) + 1).SerializeAsString());
  }
  EXPECT_TRUE(events[5].has_thread_resolved());
  EXPECT_EQ(events[5].thread().SerializeAsString(),
            Alex().Thread(kThread)->thread().SerializeAsString());
}

TEST_P(ImportedChangesTest, AllOfItIsAuditedAsImported) {
  Imported();
  const auto audit = Alex().Audit();
  ASSERT_EQ(audit->entries_size(), 6);
  const std::string at = absl::StrCat(kStart);
  const std::string removed =
      "000000 remover_id=\"boss\" remover_name_commitment=HASH"
      " removal_reason=\"wrong thread\nC:\\\\\"";
  const std::vector<std::string> reasons = {
      "author_id=old create_time=1600000000000000",
      "author_id=old create_time=1600000001000000 edit_time=1600000100000000",
      "author_id=old create_time=1600000002000000 removal_time=1600000200" + removed,
      "author_id=old create_time=1600000003000000 removal_time=1600000300" + removed,
      "author_id=old create_time=1600000004000000 edit_time=1600000050000000"
      " removal_time=1600000400" +
          removed,
      "state_time=1600001000000000 state_actor_id=\"closer\" state_actor_name_commitment=HASH"};
  for (int i = 0; i < 6; ++i) {
    const v1::AuditEntry& entry = audit->entries(i);
    EXPECT_EQ(entry.action(), i < 5 ? "comment.imported" : "thread.resolved");
    EXPECT_EQ(entry.actor_id(), "importer");
    std::string reason = entry.reason();
    const std::size_t hash = reason.find("_commitment=");
    if (hash != std::string::npos) reason.replace(hash + 12, 64, "HASH");
    EXPECT_EQ(reason, reasons[i]);
    EXPECT_EQ(entry.revision(), i < 5 ? 1 : 0);
    EXPECT_EQ(entry.content_commitment().empty(), i == 3 || i == 5);
    EXPECT_GT(entry.create_time().seconds(), kStart + 2000);
  }
  ExpectIntact();
}

TEST_P(ImportedChangesTest, TheSameImportAgainWritesNothingWhateverHasHappenedSince) {
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

TEST_P(ImportedChangesTest, AnythingElseUnderTheSameIdIsRefused) {
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
TEST_P(ImportedChangesTest, OneBadFieldRefusesTheWholeImport) {
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

TEST_P(ImportedChangesTest, ARefusalInTheMiddleLeavesTheThreadAsItWas) {
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

TEST_P(ImportedChangesTest, AThreadIsClosedBehindWhatItHasAndNotBeforeItsLastState) {
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
TEST_P(ImportedChangesTest, AThreadMayHaveBeenClosedBeforeItsLastEditOrRemoval) {
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

TEST_P(ImportedChangesTest, WhatCameEditedIsEditedRemovedAndErasedLikeAnyOther) {
  Imported();
  const auto edited = Author().Edit(At(2), "edited here");
  ASSERT_TRUE(edited.ok()) << edited.status();
  EXPECT_EQ(edited->comment().revision(), 2);
  auto revisions = Author().Revisions(edited->comment());
  ASSERT_EQ(revisions->revisions_size(), 2);
  EXPECT_EQ(revisions->revisions(0).body(), "edited");
  EXPECT_EQ(revisions->revisions(0).time().seconds(), kStart + 100);
  EXPECT_EQ(revisions->revisions(1).body(), "edited here");
  ExpectIntact();
  ASSERT_TRUE(Alex().Remove(At(2), "why").ok());
  ASSERT_TRUE(Alex().Remove(At(1), "why").ok());
  EXPECT_EQ(Alex().Thread(kThread)->thread().comment_count(), 0);
  ExpectIntact();
  ASSERT_TRUE(Alex().Erase(At(2), "asked for").ok());
  ExpectIntact();
  // Without an edit in between.
  v1::ImportCommentsRequest request;
  request.set_invoice_id("INV-2");
  AddItem(request, "a").mutable_edit_time()->set_seconds(kStart + 100);
  AddItem(request, "b").mutable_edit_time()->set_seconds(kStart + 100);
  ASSERT_TRUE(Import(request).ok());
  const auto page = Alex().List("INV-2");
  ASSERT_TRUE(Alex().Remove(page->comments(0), "").ok());
  ASSERT_TRUE(Alex().Erase(page->comments(1), "asked for").ok());
  ExpectIntact();
}

TEST_P(ImportedChangesTest, ARemovedOneIsErasedAndStaysRemovedByWhomItWas) {
  Imported();
  for (const int sequence : {3, 4, 5}) {
    const v1::Comment before = At(sequence);
    const auto erased = Alex().Erase(before, "asked for");
    ASSERT_TRUE(erased.ok()) << erased.status();
    // There was nothing to erase of the one that came without a text.
    EXPECT_EQ(erased->replayed(), sequence == 4);
    const v1::Comment after = At(sequence);
    EXPECT_TRUE(after.erased());
    EXPECT_EQ(after.removal().SerializeAsString(), before.removal().SerializeAsString());
    EXPECT_EQ(Alex().Revisions(after)->revisions(0).body(), "");
    EXPECT_EQ(Reason(Alex().Remove(after, "again")), "OK");
  }
  EXPECT_EQ(Alex().Thread(kThread)->thread().comment_count(), 2);
  service().Tamper([](soci::session& session) {
    int texts = 0;
    session << "SELECT (SELECT count(*) FROM comment_revisions WHERE body <> '')"
               " + (SELECT count(*) FROM comments WHERE body LIKE '%taken back%')",
        soci::into(texts);
    EXPECT_EQ(texts, 0);
  });
  ExpectIntact();
}

TEST_P(ImportedChangesTest, TheLargestLegalImportIsTaken) {
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

TEST_P(ImportedChangesTest, AnotherTenantsThreadOfTheSameNameIsLeftAlone) {
  service().As("rival", "mallory").Post(kThread, "theirs");
  Imported();
  const Client rival = service().As("rival", "mallory", "admin");
  EXPECT_EQ(rival.Thread(kThread)->thread().state(), v1::THREAD_STATE_OPEN);
  EXPECT_EQ(rival.Thread(kThread)->thread().etag(), "t1");
  EXPECT_EQ(rival.List(kThread)->comments_size(), 1);
  EXPECT_EQ(Reason(rival.Get(kThread, At(3).comment_id())), "COMMENT_NOT_FOUND");
  // The same import of theirs is another.
  EXPECT_EQ(service().AsService("rival").Import(WholeThread()).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(rival.Verify()->intact());
  EXPECT_EQ(Reason(service().As("org", "alex", "admin").Import(WholeThread())), "ROLE_TOO_LOW");
  EXPECT_EQ(Reason(service().AsService().Import(WholeThread())), "ORG_REQUIRED");
}

}  // namespace
}  // namespace marginalia
