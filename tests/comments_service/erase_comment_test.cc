// What a comment said is erased: wherever one looks after the answer, the text is not there.
#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "comments-service/thread/wire/erased_event.h"
#include "tests/comments_service/service_test.h"
#include "tests/support/await.h"

namespace marginalia {
namespace {

namespace v1 = comments::v1;

// No two texts of a test have it in common with anything else.
constexpr char kCanary[] = "CANARY-4929-1234-5678-9010";

std::string Text(const std::string& more) { return absl::StrCat(kCanary, " ", more); }

std::string Contents(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

class EraseCommentTest : public ServiceTest {
 protected:
  // The files of the database, or its tables, in which the text stands.
  std::vector<std::string> Places(const std::string& text) {
    return GetParam() == DatabaseKind::kSqlite ? Files(text) : Tables(text);
  }

  std::vector<std::string> Files(const std::string& text) const {
    const std::filesystem::path database = url_.substr(std::string("sqlite:").size());
    std::vector<std::string> found;
    for (const auto& file : std::filesystem::directory_iterator(database.parent_path())) {
      const std::string name = file.path().filename().string();
      if (!absl::StartsWith(name, database.filename().string())) continue;
      if (absl::StrContains(Contents(file.path()), text)) found.push_back(name);
    }
    return found;
  }

  std::vector<std::string> Tables(const std::string& text) {
    std::vector<std::string> found;
    service().Tamper([&](soci::session& session) {
      const soci::rowset<std::string> names =
          (session.prepare << "SELECT tablename FROM pg_tables WHERE schemaname = 'public'");
      const std::vector<std::string> tables(names.begin(), names.end());
      for (const std::string& table : tables) {
        int rows = 0;
        session << "SELECT count(*) FROM " << table << " AS x WHERE CAST(x AS TEXT) LIKE '%" << text
                << "%' OR CAST(x AS TEXT) LIKE '%" << absl::BytesToHexString(text) << "%'",
            soci::into(rows);
        if (rows > 0) found.push_back(table);
      }
    });
    return found;
  }

  // What every RPC that shows comments answers to an admin, one after the other.
  std::string AllAnswers(const v1::Comment& comment, std::size_t events) {
    std::string all = Alex().Get(comment.invoice_id(), comment.comment_id())->SerializeAsString();
    for (int i = 0; i < 2; ++i) all += Alex().List(comment.invoice_id())->SerializeAsString();
    all += Alex().Recent()->SerializeAsString();
    all += Alex().Revisions(comment)->SerializeAsString();
    all += Alex().Audit()->SerializeAsString();
    for (const v1::Event& event : Alex().WatchFromBeginning().Events(events)) {
      all += event.SerializeAsString();
    }
    for (const v1::Event& event : service().AsService().WatchFromBeginning().Events(events)) {
      all += event.SerializeAsString();
    }
    return all;
  }
};
INSTANTIATE_ON_EVERY_DATABASE(EraseCommentTest);

TEST_P(EraseCommentTest, AfterTheAnswerNoFileNoTableAndNoAnswerHoldsTheText) {
  v1::Comment comment = Dana().Post("INV-1", Text("one")).comment();
  Dana().Post("INV-1", "beside it");
  comment = Dana().Edit(comment, Text(std::string(9000, 'x')))->comment();
  comment = Dana().Edit(comment, Text("three"))->comment();
  ASSERT_TRUE(absl::StrContains(AllAnswers(comment, 4), kCanary));
  ASSERT_FALSE(Places(kCanary).empty());
  const auto erased = Alex().Erase(comment, "a card number");
  ASSERT_TRUE(erased.ok()) << erased.status();
  EXPECT_THAT(Places(kCanary), testing::IsEmpty());
  EXPECT_FALSE(absl::StrContains(AllAnswers(comment, 5), kCanary));
  // Nor after what is written next, or a restart.
  Dana().Post("INV-1", "and more");
  EXPECT_THAT(Places(kCanary), testing::IsEmpty());
  Start();
  EXPECT_THAT(Places(kCanary), testing::IsEmpty());
  EXPECT_FALSE(absl::StrContains(AllAnswers(comment, 6), kCanary));
  EXPECT_TRUE(Alex().Verify()->intact()) << Alex().Verify()->first_broken_what();
}

TEST_P(EraseCommentTest, WhatAnAddedCommentSaysStandsInOneTable) {
  const std::string author = "somebody-with-an-id-of-his-own";
  service().As("org", author).Post("INV-1", Text("one"));
  if (GetParam() == DatabaseKind::kPostgres) {
    EXPECT_THAT(Tables(kCanary), testing::ElementsAre("comments"));
    EXPECT_THAT(Tables(author),
                testing::UnorderedElementsAre("comments", "authors", "author_keys"));
    return;
  }
  // In the file, once the write-ahead log has been copied back.
  Start();
  const std::string file = Contents(url_.substr(std::string("sqlite:").size()));
  const std::size_t at = file.find(kCanary);
  ASSERT_NE(at, std::string::npos);
  EXPECT_EQ(file.find(kCanary, at + 1), std::string::npos);
}

TEST_P(EraseCommentTest, ItIsRemovedByItKeepsItsPlaceAndSaysSo) {
  const v1::Comment first = Dana().Post("INV-1", Text("one")).comment();
  const auto erased = Alex().Erase(first, "a card number");
  ASSERT_TRUE(erased.ok()) << erased.status();
  EXPECT_FALSE(erased->replayed());
  EXPECT_EQ(erased->receipt().number(), 2);
  const v1::Comment& comment = erased->comment();
  EXPECT_TRUE(comment.erased());
  EXPECT_EQ(comment.body(), "");
  EXPECT_EQ(comment.removal().actor().user_id(), "alex");
  EXPECT_EQ(comment.removal().reason(), "a card number");
  EXPECT_EQ(comment.author().user_id(), "dana");
  EXPECT_EQ(comment.sequence(), 1);
  EXPECT_NE(comment.etag(), first.etag());
  EXPECT_EQ(Dana().List("INV-1")->comments(0).SerializeAsString(), comment.SerializeAsString());
  EXPECT_EQ(Dana().Recent()->comments(0).SerializeAsString(), comment.SerializeAsString());
  const v1::Thread thread = Dana().Thread("INV-1")->thread();
  EXPECT_EQ(thread.comment_count(), 0);
  EXPECT_EQ(thread.place_count(), 1);
  EXPECT_EQ(thread.revision(), 2);
  const auto revisions = Alex().Revisions(comment);
  ASSERT_EQ(revisions->revisions_size(), 1);
  EXPECT_TRUE(revisions->revisions(0).erased());
  EXPECT_EQ(revisions->revisions(0).editor().user_id(), "dana");
  EXPECT_EQ(Reason(Dana().Revisions(comment)), "ROLE_TOO_LOW");
  EXPECT_EQ(Reason(Dana().Edit(comment, "back")), "COMMENT_REMOVED");
  const auto entries = Alex().Audit();
  EXPECT_EQ(entries->entries(1).action(), "comment.erased");
  EXPECT_EQ(entries->entries(1).reason(), "a card number");
  EXPECT_EQ(entries->entries(1).actor_id(), "alex");
}

TEST_P(EraseCommentTest, ARemovedOneKeepsWhoRemovedItAndIsCountedOnce) {
  const v1::Comment first = Dana().Post("INV-1", Text("one")).comment();
  const v1::Comment removed = Dana().Remove(first, "wrong thread")->comment();
  ASSERT_FALSE(Places(kCanary).empty());
  const auto erased = service().AsService("org").Erase(first, "a card number");
  ASSERT_TRUE(erased.ok()) << erased.status();
  EXPECT_EQ(erased->comment().removal().SerializeAsString(), removed.removal().SerializeAsString());
  EXPECT_THAT(Places(kCanary), testing::IsEmpty());
  EXPECT_EQ(Dana().Thread("INV-1")->thread().comment_count(), 0);
  EXPECT_EQ(Dana().Thread("INV-1")->thread().revision(), 3);
  EXPECT_TRUE(Alex().Verify()->intact()) << Alex().Verify()->first_broken_what();
}

TEST_P(EraseCommentTest, ErasedAgainIsReplayedAndAChangeIdIsThatErasing) {
  const v1::Comment first = Dana().Post("INV-1", Text("one")).comment();
  const v1::Comment second = Dana().Post("INV-1", Text("two")).comment();
  const std::string id = NewUuid();
  const auto erased = Alex().Erase(first, "why", id);
  ASSERT_TRUE(erased.ok()) << erased.status();
  for (const std::string& change : {id, std::string(), NewUuid()}) {
    const auto again = Alex().Erase(first, "why", change);
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_TRUE(again->replayed());
    EXPECT_EQ(again->receipt().audit_hash(), erased->receipt().audit_hash());
    EXPECT_EQ(again->comment().SerializeAsString(), erased->comment().SerializeAsString());
  }
  EXPECT_EQ(Reason(Alex().Erase(first, "other", id)), "CHANGE_ID_REUSED");
  EXPECT_EQ(Reason(Alex().Erase(second, "why", id)), "CHANGE_ID_REUSED");
  EXPECT_EQ(Reason(service().As("org", "adele", "admin").Erase(first, "why", id)),
            "CHANGE_ID_REUSED");
  EXPECT_EQ(service().CountRows("events"), 3);
  EXPECT_EQ(service().CountRows("audit_entries"), 3);
}

TEST_P(EraseCommentTest, ALateWatcherSeesItsEventsInTheirPlaceWithoutText) {
  v1::Comment comment = Dana().Post("INV-1", Text("one")).comment();
  Dana().Post("INV-1", "beside it");
  comment = Dana().Edit(comment, Text("two"))->comment();
  const std::vector<v1::Event> before = service().AsService().WatchFromBeginning().Events(3);
  const v1::Comment erased = Alex().Erase(comment, "why")->comment();
  const std::vector<v1::Event> after = service().AsService().WatchFromBeginning().Events(4);
  ASSERT_EQ(after.size(), 4U);
  for (const int changed : {0, 2}) {
    v1::Event expected = before[changed];
    v1::Comment& told = changed == 0 ? *expected.mutable_comment_added()->mutable_comment()
                                     : *expected.mutable_comment_edited()->mutable_comment();
    told.clear_body();
    told.set_erased(true);
    told.set_etag(absl::StrCat("c", told.revision(), "e"));
    EXPECT_EQ(after[changed].SerializeAsString(), expected.SerializeAsString());
  }
  EXPECT_EQ(after[1].SerializeAsString(), before[1].SerializeAsString());
  EXPECT_EQ(after[3].comment_erased().comment_id(), comment.comment_id());
  EXPECT_EQ(after[3].comment_erased().comment().SerializeAsString(), erased.SerializeAsString());
  EXPECT_EQ(after[3].thread().comment_count(), 1);
}

TEST_P(EraseCommentTest, WhoWasWatchingHearsOfItAndWhoResumesReadsNoText) {
  auto watch = service().AsService().WatchFromBeginning();
  const v1::Comment comment = Dana().Post("INV-1", Text("one")).comment();
  ASSERT_EQ(watch.Events(1).front().comment_added().comment().body(), Text("one"));
  ASSERT_TRUE(Alex().Erase(comment, "why").ok());
  EXPECT_TRUE(watch.Events(1).front().has_comment_erased());
  Dana().Post("INV-1", "next");
  EXPECT_TRUE(watch.Events(1).front().has_comment_added());
}

TEST_P(EraseCommentTest, OneOfARetainedThreadWhoseEventsAreGoneIsErasedAsWell) {
  const v1::Comment comment = Dana().Post("INV-1", Text("one")).comment();
  service().Tamper([](soci::session& session) {
    session << "DELETE FROM events";
    session << "UPDATE event_log SET compacted = head";
  });
  ASSERT_TRUE(Alex().Erase(comment, "why").ok());
  EXPECT_THAT(Places(kCanary), testing::IsEmpty());
}

TEST_P(EraseCommentTest, ARetriedAdditionOfAnErasedCommentWritesNothing) {
  const v1::Comment comment = Dana().Post("INV-1", Text("one")).comment();
  ASSERT_TRUE(Alex().Erase(comment, "why").ok());
  const auto again = Dana().Add("INV-1", comment.comment_id(), Text("one"));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_TRUE(again->replayed());
  EXPECT_TRUE(again->comment().erased());
  EXPECT_EQ(Reason(Alex().Add("INV-1", comment.comment_id(), "x")), "COMMENT_ID_REUSED");
  EXPECT_EQ(service().CountRows("events"), 2);
  if (GetParam() == DatabaseKind::kPostgres) {
    EXPECT_THAT(Places(kCanary), testing::IsEmpty());
  }
}

TEST_P(EraseCommentTest, OnlyAnAdminOrAServiceOfTheTenantErasesAndBadArgumentsEraseNothing) {
  const v1::Comment comment = Dana().Post("INV-1", Text("one")).comment();
  EXPECT_EQ(Reason(Dana().Erase(comment, "why")), "ROLE_TOO_LOW");
  EXPECT_EQ(Reason(service().AsService().Erase(comment, "why")), "ORG_REQUIRED");
  EXPECT_EQ(Reason(service().As("rival", "mallory", "admin").Erase(comment, "why")),
            "COMMENT_NOT_FOUND");
  EXPECT_EQ(Reason(service().AsService("rival").Erase(comment, "why")), "COMMENT_NOT_FOUND");
  EXPECT_EQ(Field(Alex().Erase(comment, "")), "reason");
  EXPECT_EQ(Field(Alex().Erase(comment, std::string(501, 'x'))), "reason");
  EXPECT_EQ(Field(Alex().Erase(comment, "\xFF")), "reason");
  EXPECT_EQ(Field(Alex().Erase(comment, " \u200B")), "reason");
  EXPECT_EQ(Field(Alex().Erase(comment, "why", "x")), "change_id");
  v1::Comment bad = comment;
  bad.set_comment_id("x");
  EXPECT_EQ(Field(Alex().Erase(bad, "why")), "comment_id");
  bad.set_comment_id(NewUuid());
  EXPECT_EQ(Reason(Alex().Erase(bad, "why")), "COMMENT_NOT_FOUND");
  EXPECT_EQ(service().CountRows("events"), 1);
  EXPECT_EQ(Dana().Get("INV-1", comment.comment_id())->comment().SerializeAsString(),
            comment.SerializeAsString());
}

TEST_P(EraseCommentTest, AtomicAFailedErasingLeavesAllAsItWas) {
  v1::Comment comment = Dana().Post("INV-1", Text("one")).comment();
  comment = Dana().Edit(comment, Text("two"))->comment();
  const std::string before = AllAnswers(comment, 2);
  service().Tamper([&](soci::session& session) {
    session << (GetParam() == DatabaseKind::kSqlite
                    ? "CREATE TRIGGER refuse BEFORE INSERT ON audit_entries"
                      " WHEN NEW.action = 'comment.erased'"
                      " BEGIN SELECT RAISE(ABORT, 'refused'); END"
                    : "ALTER TABLE audit_entries ADD CONSTRAINT refuse"
                      " CHECK (action <> 'comment.erased')");
  });
  EXPECT_FALSE(Alex().Erase(comment, "why", NewUuid()).ok());
  EXPECT_EQ(Alex().Get("INV-1", comment.comment_id())->comment().body(), Text("two"));
  EXPECT_EQ(Alex().Revisions(comment)->revisions(0).body(), Text("one"));
  EXPECT_EQ(service().CountRows("change_ids"), 0);
  EXPECT_EQ(
      service().AsService().WatchFromBeginning().Events(2)[1].comment_edited().comment().body(),
      Text("two"));
  EXPECT_TRUE(Alex().Verify()->intact());
}

TEST_P(EraseCommentTest, ErasedAmongOthersThatPostAndEditInTheSameGroups) {
  std::vector<v1::Comment> comments;
  for (int i = 0; i < 24; ++i) {
    comments.push_back(Dana().Post("INV-1", Text(std::to_string(i))).comment());
  }
  std::vector<std::thread> callers;
  for (int i = 0; i < 24; ++i) {
    callers.emplace_back([&, i] {
      const auto edited = Dana().Edit(comments[i], Text("edited"));
      EXPECT_TRUE(edited.ok() || Reason(edited) == "COMMENT_REMOVED") << edited.status();
    });
    callers.emplace_back([&, i] { EXPECT_TRUE(Alex().Erase(comments[i], "why").ok()); });
    callers.emplace_back([&] { Dana().Post("INV-2", "beside"); });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_THAT(Places(kCanary), testing::IsEmpty());
  EXPECT_EQ(Dana().Thread("INV-1")->thread().comment_count(), 0);
  EXPECT_TRUE(Alex().Verify()->intact()) << Alex().Verify()->first_broken_what();
}

// On SQLite, where a reader can keep the write-ahead log in use.
class ErasingLogTest : public EraseCommentTest {};
INSTANTIATE_TEST_SUITE_P(On, ErasingLogTest, testing::Values(DatabaseKind::kSqlite), DatabaseName);

TEST_P(ErasingLogTest, WhatALongReadHoldsUpIsToldAndCompletedByARetry) {
  const v1::Comment comment = Dana().Post("INV-1", Text("one")).comment();
  std::promise<void> reading, ended;
  std::thread reader([&] {
    const absl::Status read =
        service().database().Read(Tenants::All(), [&](Connection& connection) {
          int count = 0;
          connection.sql() << "SELECT count(*) FROM comments", soci::into(count);
          reading.set_value();
          ended.get_future().wait();
          return absl::OkStatus();
        });
    EXPECT_TRUE(read.ok());
  });
  reading.get_future().wait();
  const std::string id = NewUuid();
  const auto held = Alex().Erase(comment, "why", id);
  EXPECT_EQ(held.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(Reason(held), "LOG_IN_USE");
  EXPECT_TRUE(Alex().Get("INV-1", comment.comment_id())->comment().erased());
  // Nobody else waits for it.
  EXPECT_TRUE(Dana().Add("INV-1", NewUuid(), "meanwhile").ok());
  ended.set_value();
  reader.join();
  const auto again = Alex().Erase(comment, "why", id);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_TRUE(again->replayed());
  EXPECT_THAT(Places(kCanary), testing::IsEmpty());
}

TEST(ErasedEventTest, OnlyAnErasingIsTakenForOne) {
  v1::Event event;
  event.set_position(1'000'000);
  event.set_org_id("org");
  event.mutable_event_time()->set_seconds(1);
  event.mutable_comment_edited()->mutable_comment()->set_body(Text("one"));
  EXPECT_FALSE(IsErasure(event.SerializeAsString()));
  EXPECT_FALSE(absl::StrContains(WithoutText(event.SerializeAsString()), kCanary));
  event.mutable_thread_resolved();
  EXPECT_FALSE(IsErasure(event.SerializeAsString()));
  EXPECT_EQ(WithoutText(event.SerializeAsString()), event.SerializeAsString());
  event.mutable_comment_erased()->set_comment_id("x");
  EXPECT_TRUE(IsErasure(event.SerializeAsString()));
  EXPECT_FALSE(IsErasure(""));
  EXPECT_FALSE(IsErasure("\xFF\xFF\xFF"));
  EXPECT_THROW(WithoutText("\xFF"), std::runtime_error);
}

}  // namespace
}  // namespace marginalia
