#include <atomic>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/comments_service/service_test.h"

namespace marginalia {
namespace {

namespace v1 = comments::v1;

class ChangesTest : public ServiceTest {
 protected:
  std::vector<v1::Event> Events(std::size_t count) {
    return service().AsService().WatchFromBeginning().Events(count);
  }
};
INSTANTIATE_ON_EVERY_DATABASE(ChangesTest);

TEST_P(ChangesTest, AnEditIsShownAndItsFormerWordsStayToBeRead) {
  const v1::Comment first = Dana().Post("INV-1", "a bodi").comment();
  EXPECT_EQ(first.revision(), 1);
  EXPECT_FALSE(first.has_edit_time());
  const auto edited = Dana().Edit(first, "a body");
  ASSERT_TRUE(edited.ok()) << edited.status();
  EXPECT_FALSE(edited->replayed());
  EXPECT_EQ(edited->receipt().number(), 2);
  const v1::Comment& comment = edited->comment();
  EXPECT_EQ(comment.body(), "a body");
  EXPECT_EQ(comment.revision(), 2);
  EXPECT_TRUE(comment.has_edit_time());
  EXPECT_NE(comment.etag(), first.etag());
  EXPECT_EQ(comment.sequence(), first.sequence());
  EXPECT_EQ(Dana().Get("INV-1", first.comment_id())->comment().SerializeAsString(),
            comment.SerializeAsString());
  EXPECT_EQ(Dana().List("INV-1")->comments(0).SerializeAsString(), comment.SerializeAsString());
  EXPECT_EQ(Dana().Recent()->comments(0).SerializeAsString(), comment.SerializeAsString());
  const auto revisions = service().As("org", "sam", "viewer").Revisions(comment);
  ASSERT_EQ(revisions->revisions_size(), 2);
  EXPECT_EQ(revisions->revisions(0).body(), "a bodi");
  EXPECT_EQ(revisions->revisions(0).revision(), 1);
  EXPECT_EQ(revisions->revisions(1).body(), "a body");
  EXPECT_EQ(revisions->revisions(1).editor().user_id(), "dana");
  EXPECT_TRUE(Alex().Verify()->intact());
}

TEST_P(ChangesTest, RevisionsArePagedAndOfAnUnchangedCommentThereIsOne) {
  v1::Comment comment = Dana().Post("INV-1", "0").comment();
  ASSERT_EQ(Dana().Revisions(comment)->revisions_size(), 1);
  EXPECT_EQ(Dana().Revisions(comment)->revisions(0).body(), "0");
  for (int i = 1; i < 7; ++i) comment = Dana().Edit(comment, std::to_string(i))->comment();
  for (int size = 1; size <= 8; ++size) {
    std::string all;
    std::string token;
    do {
      const auto page = Dana().Revisions(comment, size, token);
      ASSERT_TRUE(page.ok()) << page.status();
      for (const v1::CommentRevision& revision : page->revisions()) all += revision.body();
      token = page->next_page_token();
    } while (!token.empty());
    EXPECT_EQ(all, "0123456") << size;
  }
  EXPECT_EQ(Reason(Dana().Revisions(comment, 1, "x")), "PAGE_TOKEN_INVALID");
}

TEST_P(ChangesTest, ARemovedCommentKeepsItsPlaceAndItsWordsAreForAdmins) {
  const v1::Comment first = Dana().Post("INV-1", "a secret").comment();
  Dana().Post("INV-1", "another");
  const auto removed = Dana().Remove(first, "wrong thread");
  ASSERT_TRUE(removed.ok()) << removed.status();
  const auto page = Dana().List("INV-1");
  EXPECT_EQ(page->total_size(), 2);
  EXPECT_EQ(page->thread().comment_count(), 1);
  EXPECT_EQ(page->thread().place_count(), 2);
  const v1::Comment& tombstone = page->comments(1);
  EXPECT_EQ(tombstone.SerializeAsString(), removed->comment().SerializeAsString());
  EXPECT_EQ(tombstone.body(), "");
  EXPECT_EQ(tombstone.author().user_id(), "dana");
  EXPECT_EQ(tombstone.removal().actor().user_id(), "dana");
  EXPECT_EQ(tombstone.removal().reason(), "wrong thread");
  EXPECT_TRUE(tombstone.removal().has_time());
  EXPECT_EQ(Reason(Dana().Revisions(first)), "ROLE_TOO_LOW");
  EXPECT_EQ(Alex().Revisions(first)->revisions(0).body(), "a secret");
  EXPECT_EQ(Reason(Dana().Edit(tombstone, "back")), "COMMENT_REMOVED");
  const auto again = Dana().Remove(first, "wrong thread");
  EXPECT_TRUE(again->replayed());
  EXPECT_EQ(again->receipt().audit_hash(), removed->receipt().audit_hash());
  EXPECT_EQ(service().CountRows("events"), 3);
  EXPECT_EQ(Dana().Recent()->total_size(), 2);
  EXPECT_TRUE(Alex().Verify()->intact());
}

TEST_P(ChangesTest, NobodyCanTakeTheIdOfARemovedCommentAndItsAuthorsRetryIsTheSameComment) {
  const v1::Comment first = Dana().Post("INV-1", "a body").comment();
  ASSERT_TRUE(Alex().Remove(first, "").ok());
  EXPECT_EQ(Reason(Alex().Add("INV-1", first.comment_id(), "a body")), "COMMENT_ID_REUSED");
  EXPECT_EQ(Reason(Dana().Add("INV-1", first.comment_id(), "other")), "COMMENT_ID_REUSED");
  const auto again = Dana().Add("INV-1", first.comment_id(), "a body");
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_TRUE(again->replayed());
  EXPECT_EQ(again->comment().body(), "");
}

TEST_P(ChangesTest, ARetriedAdditionOfAnEditedCommentIsReplayedWithWhatItSaysNow) {
  const v1::Comment first = Dana().Post("INV-1", "a bodi").comment();
  const auto edited = Dana().Edit(first, "a body");
  const auto again = Dana().Add("INV-1", first.comment_id(), "a bodi");
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_TRUE(again->replayed());
  EXPECT_EQ(again->comment().SerializeAsString(), edited->comment().SerializeAsString());
  EXPECT_EQ(Reason(Dana().Add("INV-1", first.comment_id(), "a body")), "COMMENT_ID_REUSED");
}

TEST_P(ChangesTest, OnlyTheAuthorEditsAndOnlyTheAuthorOrAnAdminRemoves) {
  const v1::Comment first = Dana().Post("INV-1", "a body").comment();
  const Client priya = service().As("org", "priya");
  EXPECT_EQ(Reason(priya.Edit(first, "b")), "NOT_THE_AUTHOR");
  EXPECT_EQ(Reason(Alex().Edit(first, "b")), "NOT_THE_AUTHOR");
  EXPECT_EQ(Reason(priya.Remove(first, "")), "NOT_THE_AUTHOR");
  const Client rival = service().As("rival", "dana", "admin");
  EXPECT_EQ(Reason(rival.Edit(first, "b")), "COMMENT_NOT_FOUND");
  EXPECT_EQ(Reason(rival.Remove(first, "")), "COMMENT_NOT_FOUND");
  EXPECT_EQ(Reason(rival.Revisions(first)), "COMMENT_NOT_FOUND");
  EXPECT_EQ(service().CountRows("events"), 1);
  EXPECT_TRUE(Alex().Remove(first, "").ok());
}

TEST_P(ChangesTest, ACommentOfTheMostRevisionsIsEditedNoMore) {
  const v1::Comment first = Dana().Post("INV-1", "a body").comment();
  const auto edited = Dana().Edit(first, "another body");
  ASSERT_TRUE(edited.ok()) << edited.status();
  service().Tamper([](soci::session& session) {
    session << "UPDATE comments SET revision = 1000 WHERE revision = 2";
    session << "UPDATE comment_revisions SET revision = 1000 WHERE revision = 2";
  });
  const auto most = Dana().Get("INV-1", first.comment_id());
  ASSERT_TRUE(most.ok()) << most.status();
  const auto refused = Dana().Edit(most->comment(), "one too many");
  EXPECT_EQ(Reason(refused), "TOO_MANY_EDITS");
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ErrorMetadataOf(refused.status(), "revisions_max"), "1000");
  EXPECT_TRUE(Dana().Edit(most->comment(), "another body").ok());
  EXPECT_TRUE(Dana().Remove(most->comment(), "").ok());
}

TEST_P(ChangesTest, WhenTheWindowIsOverOnlyAnAdminRemoves) {
  const v1::Comment first = Dana().Post("INV-1", "a body").comment();
  Start({.edit_window = absl::ZeroDuration()});
  const auto edited = Dana().Edit(first, "b");
  EXPECT_EQ(Reason(edited), "EDIT_WINDOW_OVER");
  EXPECT_EQ(edited.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(ErrorMetadataOf(edited.status(), "edit_window_end"), "");
  EXPECT_EQ(Reason(Dana().Remove(first, "")), "EDIT_WINDOW_OVER");
  EXPECT_TRUE(Alex().Remove(first, "").ok());
  Start({.edit_window = absl::InfiniteDuration()});
  const v1::Comment second = Dana().Post("INV-1", "a body").comment();
  EXPECT_TRUE(Dana().Edit(second, "b").ok());
}

TEST_P(ChangesTest, OfTwoWhoChangeTheSameOneWinsAndTheOtherIsToldTheEtag) {
  const v1::Comment first = Dana().Post("INV-1", "a body").comment();
  std::atomic<int> won = 0;
  std::vector<std::thread> callers;
  for (int i = 0; i < 8; ++i) {
    callers.emplace_back([&, i] {
      const auto edited = Dana().Edit(first, "edit " + std::to_string(i));
      if (edited.ok()) ++won;
      if (edited.ok()) return;
      EXPECT_EQ(Reason(edited), "ETAG_MISMATCH") << edited.status();
      EXPECT_EQ(edited.status().code(), absl::StatusCode::kAborted);
      EXPECT_NE(ErrorMetadataOf(edited.status(), "etag"), first.etag());
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(won, 1);
  const v1::Comment now = Dana().Get("INV-1", first.comment_id())->comment();
  EXPECT_EQ(now.revision(), 2);
  EXPECT_EQ(Reason(Dana().Remove(first, "")), "ETAG_MISMATCH");
  EXPECT_TRUE(Dana().Remove(now, "").ok());
  EXPECT_EQ(service().CountRows("events"), 3);
}

// An entry's hash is the same in digits and as bytes, to the record and to whoever repeats a
// change.
TEST_P(ChangesTest, TheReceiptOfARepeatedChangeNamesItsHashInWhicheverColumnThatStands) {
  const v1::Comment first = Dana().Post("INV-1", "a body").comment();
  const std::string id = NewUuid();
  const auto edited = Dana().Edit(first, "b", id);
  ASSERT_TRUE(edited.ok()) << edited.status();
  const std::string hash = edited->receipt().audit_hash();
  service().Tamper([&](soci::session& session) {
    session << "UPDATE audit_entries SET hash = '', hash_bytes = "
            << (GetParam() == DatabaseKind::kPostgres ? "decode('" + hash + "', 'hex')"
                                                      : "x'" + hash + "'")
            << " WHERE hash = '" << hash << "'";
  });
  EXPECT_TRUE(Alex().Verify()->intact());
  const auto again = Dana().Edit(first, "b", id);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_TRUE(again->replayed());
  EXPECT_EQ(again->receipt().audit_hash(), hash);
}

TEST_P(ChangesTest, AChangeIdIsTheSameChangeAtAnyLaterTime) {
  const v1::Comment first = Dana().Post("INV-1", "a body").comment();
  const std::string id = NewUuid();
  const auto edited = Dana().Edit(first, "b", id);
  ASSERT_TRUE(edited.ok()) << edited.status();
  ASSERT_TRUE(Dana().Edit(edited->comment(), "c").ok());
  Start({.edit_window = absl::ZeroDuration()});
  const auto again = Dana().Edit(first, "b", id);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_TRUE(again->replayed());
  EXPECT_EQ(again->comment().body(), "c");
  EXPECT_EQ(again->receipt().audit_hash(), edited->receipt().audit_hash());
  EXPECT_EQ(Reason(Dana().Edit(first, "other", id)), "CHANGE_ID_REUSED");
  EXPECT_EQ(Reason(Dana().Remove(first, "", id)), "CHANGE_ID_REUSED");
  EXPECT_EQ(Reason(Dana().Resolve("INV-1", "", "", id)), "CHANGE_ID_REUSED");
  EXPECT_EQ(Field(Dana().Edit(first, "b", "x")), "change_id");
  EXPECT_EQ(service().CountRows("change_ids"), 1);
  ASSERT_TRUE(Alex().Remove(again->comment(), "").ok());
  EXPECT_TRUE(Dana().Edit(first, "b", id)->comment().has_removal());
}

TEST_P(ChangesTest, AnUnchangedBodyWritesNothing) {
  const v1::Comment first = Dana().Post("INV-1", "a body").comment();
  const auto edited = Dana().Edit(first, "a body");
  ASSERT_TRUE(edited.ok()) << edited.status();
  EXPECT_EQ(edited->comment().SerializeAsString(), first.SerializeAsString());
  EXPECT_EQ(service().CountRows("events"), 1);
  EXPECT_EQ(service().CountRows("comment_revisions"), 0);
}

TEST_P(ChangesTest, BadArgumentsNameTheirFieldAndWriteNothing) {
  const v1::Comment first = Dana().Post("INV-1", "a body").comment();
  v1::Comment bad = first;
  bad.set_etag("");
  EXPECT_EQ(Field(Dana().Edit(bad, "b")), "etag");
  EXPECT_EQ(Field(Dana().Edit(first, " ")), "body");
  bad.set_comment_id("x");
  EXPECT_EQ(Field(Dana().Edit(bad, "b")), "comment_id");
  EXPECT_EQ(Field(Dana().Remove(bad, "")), "comment_id");
  EXPECT_EQ(Field(Dana().Revisions(bad)), "comment_id");
  EXPECT_EQ(Field(Dana().Remove(first, std::string(501, 'x'))), "reason");
  EXPECT_EQ(Field(Dana().Remove(first, "\xFF")), "reason");
  EXPECT_EQ(Field(Dana().Remove(first, " \u200B")), "reason");
  EXPECT_EQ(Field(Dana().Resolve("INV-1", "", "", "x")), "change_id");
  EXPECT_EQ(Field(Dana().Resolve("INV-1", "", " ")), "comment.body");
  EXPECT_EQ(service().CountRows("events"), 1);
}

TEST_P(ChangesTest, EventsCarryTheKindTheStateAfterThemAndTheTenantsNumbers) {
  const v1::Comment first = Dana().Post("INV-1", "a body").comment();
  service().As("rival", "mallory").Post("INV-1", "theirs");
  const v1::Comment edited = Dana().Edit(first, "b")->comment();
  const v1::Comment removed = Dana().Remove(edited, "why")->comment();
  ASSERT_TRUE(Dana().Resolve("INV-1").ok());
  ASSERT_TRUE(Dana().Reopen("INV-1").ok());
  const std::vector<v1::Event> events = Events(6);
  ASSERT_EQ(events.size(), 6U);
  EXPECT_TRUE(events[0].has_comment_added());
  EXPECT_EQ(events[2].comment_edited().comment().SerializeAsString(), edited.SerializeAsString());
  EXPECT_EQ(events[3].comment_removed().comment().SerializeAsString(), removed.SerializeAsString());
  EXPECT_TRUE(events[4].has_thread_resolved());
  EXPECT_TRUE(events[5].has_thread_reopened());
  EXPECT_EQ(events[3].thread().comment_count(), 0);
  EXPECT_EQ(events[4].thread().state(), v1::THREAD_STATE_RESOLVED);
  std::int64_t number = 0;
  std::int64_t revision = 0;
  for (const v1::Event& event : events) {
    EXPECT_EQ(event.invoice_id(), "INV-1");
    if (event.org_id() == "rival") {
      EXPECT_EQ(event.number(), 1);
      continue;
    }
    EXPECT_EQ(event.number(), ++number);
    EXPECT_EQ(event.thread().revision(), ++revision);
  }
}

TEST_P(ChangesTest, AtomicAFailedChangeLeavesNothing) {
  const v1::Comment first = Dana().Post("INV-1", "a body").comment();
  service().Tamper([&](soci::session& session) {
    session << (GetParam() == DatabaseKind::kSqlite
                    ? "CREATE TRIGGER refuse BEFORE INSERT ON audit_entries"
                      " WHEN NEW.action <> 'comment.added'"
                      " BEGIN SELECT RAISE(ABORT, 'refused'); END"
                    : "ALTER TABLE audit_entries ADD CONSTRAINT refuse"
                      " CHECK (action = 'comment.added')");
  });
  EXPECT_FALSE(Dana().Edit(first, "b", NewUuid()).ok());
  EXPECT_FALSE(Dana().Remove(first, "").ok());
  EXPECT_FALSE(Dana().Resolve("INV-1", "", "said").ok());
  EXPECT_EQ(service().CountRows("comment_revisions"), 0);
  EXPECT_EQ(service().CountRows("change_ids"), 0);
  EXPECT_EQ(service().CountRows("comments"), 1);
  EXPECT_EQ(service().CountRows("events"), 1);
  EXPECT_EQ(Dana().Get("INV-1", first.comment_id())->comment().SerializeAsString(),
            first.SerializeAsString());
  EXPECT_EQ(Dana().Thread("INV-1")->thread().revision(), 1);
  EXPECT_EQ(Dana().Post("INV-1", "next").comment().sequence(), 2);
  EXPECT_TRUE(Alex().Verify()->intact());
}

TEST_P(ChangesTest, PagingBothWaysSkipsAndRepeatsNothingWhileAThirdIsEditedOrRemoved) {
  constexpr int kComments = 40;
  std::vector<v1::Comment> posted;
  for (int i = 0; i < kComments; ++i) {
    posted.push_back(Dana().Post("INV-1", std::to_string(i)).comment());
  }
  std::atomic<bool> done = false;
  std::thread changer([&] {
    for (int i = 0; i < kComments; i += 3) {
      if (i % 2 == 0) {
        EXPECT_TRUE(Dana().Edit(posted[i], "edited").ok());
      } else {
        EXPECT_TRUE(Dana().Remove(posted[i], "").ok());
      }
    }
    done = true;
  });
  bool last = false;
  do {
    last = done;
    for (int size = 1; size <= 7; ++size) {
      std::vector<std::int64_t> down;
      std::string token;
      std::string back;
      do {
        const auto page = Dana().List("INV-1", size, token);
        ASSERT_TRUE(page.ok()) << page.status();
        for (const v1::Comment& comment : page->comments()) down.push_back(comment.sequence());
        token = page->next_page_token();
        back = page->previous_page_token();
      } while (!token.empty());
      ASSERT_EQ(down.size(), static_cast<std::size_t>(kComments)) << size;
      for (int i = 0; i < kComments; ++i) ASSERT_EQ(down[i], kComments - i);
      std::set<std::int64_t> up;
      for (int pages = 0; pages <= kComments; ++pages) {
        const auto page = Dana().List("INV-1", size, back);
        if (page->comments().empty()) break;
        for (const v1::Comment& comment : page->comments()) {
          ASSERT_TRUE(up.insert(comment.sequence()).second) << size;
        }
        back = page->previous_page_token();
      }
      ASSERT_GE(up.size(), static_cast<std::size_t>(kComments - size)) << size;
    }
  } while (!last);
  changer.join();
}

}  // namespace
}  // namespace marginalia
