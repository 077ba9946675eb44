// Imports of what had been edited, removed and closed elsewhere: what is stored is what the living
// thread would have, and what happens to it next.
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/comments_service/imported_changes_fixture.h"

namespace marginalia {
namespace {

namespace v1 = comments::v1;

using ImportedChangesTest = ImportedChangesFixture;
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
