#include <string>

#include "tests/comments_service/imports.h"
#include "tests/comments_service/service_test.h"

namespace marginalia {
namespace {

namespace v1 = comments::v1;

// By three authors in turn, a second apart.
v1::ImportCommentsRequest ImportOf(int count) {
  v1::ImportCommentsRequest request;
  request.set_invoice_id("INV-1");
  for (int i = 0; i < count; ++i) {
    v1::ImportedComment& item = AddImported(request, "imported " + std::to_string(i));
    item.mutable_author()->set_user_id("user" + std::to_string(i % 3));
    item.mutable_author()->set_display_name("User " + std::to_string(i % 3));
    item.mutable_create_time()->set_seconds(kImportedAtSeconds + i);
  }
  return request;
}

class ImportCommentsTest : public ServiceTest {
 protected:
  absl::StatusOr<v1::ImportCommentsResponse> Import(const v1::ImportCommentsRequest& request) {
    return service().AsService("org").Import(request);
  }
  // The field that the refused import names; nothing was imported.
  std::string Refused(const v1::ImportCommentsRequest& request) {
    const std::int64_t before = service().CountRows("comments");
    const auto imported = Import(request);
    EXPECT_EQ(imported.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(service().CountRows("comments"), before);
    return Field(imported);
  }
};
INSTANTIATE_ON_EVERY_DATABASE(ImportCommentsTest);

TEST_P(ImportCommentsTest, CommentsKeepTheirTimesAndAuthors) {
  const auto imported = Import(ImportOf(3));
  ASSERT_TRUE(imported.ok()) << imported.status();
  EXPECT_EQ(imported->imported_count(), 3);
  EXPECT_EQ(imported->replayed_count(), 0);
  const auto page = service().As("org", "dana").List("INV-1");
  ASSERT_EQ(page->comments_size(), 3);
  EXPECT_EQ(page->comments(0).body(), "imported 2");
  EXPECT_EQ(page->comments(0).sequence(), 3);
  EXPECT_EQ(page->comments(0).author().user_id(), "user2");
  EXPECT_EQ(page->comments(0).create_time().seconds(), kImportedAtSeconds + 2);
}

// Taken, the thread had a comment and no time of its newest one.
TEST_P(ImportCommentsTest, ATimeThatNobodyHasSetIsRefusedAndOlderOnesAreNot) {
  v1::ImportCommentsRequest request = ImportOf(1);
  request.mutable_comments(0)->mutable_create_time()->set_seconds(0);
  EXPECT_EQ(Refused(request), "comments[0].create_time");
  request.mutable_comments(0)->mutable_create_time()->set_nanos(999);
  EXPECT_EQ(Refused(request), "comments[0].create_time");
  request.mutable_comments(0)->mutable_create_time()->set_seconds(-1);
  ASSERT_TRUE(Import(request).ok());
  const auto counts = service().AsService().Counts();
  ASSERT_EQ(counts->counts_size(), 1);
  EXPECT_EQ(counts->counts(0).last_comment_time().seconds(), -1);
}

TEST_P(ImportCommentsTest, TheMostThatFitsIsImportedAtOnce) {
  const auto imported = Import(ImportOf(500));
  ASSERT_TRUE(imported.ok()) << imported.status();
  EXPECT_EQ(imported->imported_count(), 500);
  EXPECT_EQ(Refused(ImportOf(501)), "comments");
  EXPECT_EQ(Refused(ImportOf(0)), "comments");
}

TEST_P(ImportCommentsTest, TheLargestLegalImportIsTakenInEveryScript) {
  v1::ImportCommentsRequest request = ImportOf(500);
  std::string body;
  for (int i = 0; i < 10'000; ++i) body += "\U0001F600";
  for (auto& comment : *request.mutable_comments()) comment.set_body(body);
  const auto imported = Import(request);
  ASSERT_TRUE(imported.ok()) << imported.status();
  EXPECT_EQ(imported->imported_count(), 500);
}

// On PostgreSQL each statement may be a round trip, under the lock that all replicas wait for.
TEST_P(ImportCommentsTest, NewAuthorsAreStoredInAFewStatements) {
  if (GetParam() != DatabaseKind::kPostgres) return;
  // Of the writing connection, as its server counts them.
  const auto statements = [this] {
    std::int64_t count = 0;
    service().Tamper([&count](soci::session& session) {
      session
          << "SELECT coalesce(sum(generic_plans + custom_plans), 0) FROM pg_prepared_statements",
          soci::into(count);
    });
    return count;
  };
  const auto import = [this, &statements](const std::string& name) {
    v1::ImportCommentsRequest request = ImportOf(500);
    for (int i = 0; i < 500; ++i) {
      v1::ImportedComment& item = *request.mutable_comments(i);
      item.mutable_author()->set_user_id("author" + std::to_string(i));
      item.mutable_author()->set_display_name(name + std::to_string(i));
      item.mutable_create_time()->set_seconds(kImportedAtSeconds);
    }
    const std::int64_t before = statements();
    const auto imported = Import(request);
    EXPECT_TRUE(imported.ok()) << imported.status();
    return statements() - before;
  };
  import("Warm Up");
  const std::int64_t renamed = import("Full Name");
  // With those of the keeper of the trees, whose turn may come between.
  EXPECT_LT(renamed, 100);
  RecordProperty("statements", static_cast<int>(renamed));
  EXPECT_EQ(service().CountRows("authors"), 500);
  // By the id, by the name and by its last word; none by the name before.
  EXPECT_EQ(service().CountRows("author_keys"), 1500);
  EXPECT_EQ(service().CountRows("authors WHERE display_name LIKE 'Full Name%'"), 500);
  EXPECT_EQ(service().CountRows("author_keys WHERE search_key LIKE 'up%'"), 0);
}

// As if one had been imported after the other.
TEST_P(ImportCommentsTest, AnAuthorOfSeveralNamesHasTheLastOne) {
  v1::ImportCommentsRequest request = ImportOf(4);
  const char* const names[] = {"Ann Miller", "Bo Berg", "Ann Smith", "Bo Berg"};
  for (int i = 0; i < 4; ++i) {
    request.mutable_comments(i)->mutable_author()->set_user_id(i % 2 == 0 ? "ann" : "bo");
    request.mutable_comments(i)->mutable_author()->set_display_name(names[i]);
  }
  ASSERT_TRUE(Import(request).ok());
  const auto found = [this](const std::string& prefix) {
    const auto authors = service().As("org", "dana").Authors(prefix);
    EXPECT_TRUE(authors.ok()) << authors.status();
    return authors->authors_size() == 1 ? authors->authors(0).display_name() : "";
  };
  EXPECT_EQ(found("ann"), "Ann Smith");
  EXPECT_EQ(found("smith"), "Ann Smith");
  EXPECT_EQ(found("miller"), "");
  EXPECT_EQ(found("berg"), "Bo Berg");
}

TEST_P(ImportCommentsTest, ARequestBeyondAllThatIsLegalIsRefusedWithAReason) {
  v1::ImportCommentsRequest request = ImportOf(500);
  for (auto& comment : *request.mutable_comments()) comment.set_body(std::string(45'000, 'x'));
  const auto imported = Import(request);
  EXPECT_EQ(imported.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(Reason(imported), "REQUEST_TOO_LARGE");
  EXPECT_EQ(ErrorMetadataOf(imported.status(), "bytes_max"), "22020096");
}

TEST_P(ImportCommentsTest, WhatWasImportedIsNotImportedAgain) {
  v1::ImportCommentsRequest request = ImportOf(5);
  v1::ImportCommentsRequest part = request;
  part.mutable_comments()->DeleteSubrange(3, 2);
  ASSERT_TRUE(Import(part).ok());
  const auto whole = Import(request);
  ASSERT_TRUE(whole.ok()) << whole.status();
  EXPECT_EQ(whole->imported_count(), 2);
  EXPECT_EQ(whole->replayed_count(), 3);
  const auto again = Import(request);
  EXPECT_EQ(again->imported_count(), 0);
  EXPECT_EQ(again->replayed_count(), 5);
  EXPECT_EQ(again->consistency_token(), whole->consistency_token());
  EXPECT_EQ(service().CountRows("comments"), 5);
}

TEST_P(ImportCommentsTest, ARepeatedItemOfOneRequestIsStoredOnce) {
  v1::ImportCommentsRequest request = ImportOf(2);
  *request.add_comments() = request.comments(1);
  const auto imported = Import(request);
  ASSERT_TRUE(imported.ok()) << imported.status();
  EXPECT_EQ(imported->imported_count(), 2);
  EXPECT_EQ(imported->replayed_count(), 1);
  request = ImportOf(2);
  request.set_invoice_id("INV-2");
  *request.add_comments() = request.comments(1);
  request.mutable_comments(2)->set_body("other");
  EXPECT_EQ(Reason(Import(request)), "COMMENT_ID_REUSED");
  EXPECT_EQ(service().CountRows("comments"), 2);
}

TEST_P(ImportCommentsTest, AnIdOfAnotherCommentImportsNothingAndIsNamed) {
  v1::ImportCommentsRequest request = ImportOf(3);
  ASSERT_TRUE(Import(request).ok());
  v1::ImportCommentsRequest other = ImportOf(3);
  for (int i = 0; i < 3; ++i)
    other.mutable_comments(i)->mutable_create_time()->set_seconds(kImportedAtSeconds + 9);
  other.mutable_comments(2)->set_comment_id(request.comments(1).comment_id());
  const auto refused = Import(other);
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(Reason(refused), "COMMENT_ID_REUSED");
  EXPECT_EQ(ErrorMetadataOf(refused.status(), "field"), "comments[2].comment_id");
  EXPECT_EQ(service().CountRows("comments"), 3);
  EXPECT_EQ(service().CountRows("comment_ids"), 3);
}

TEST_P(ImportCommentsTest, TheSameIdWithAnotherTimeNameOrAuthorIsNoReplay) {
  const v1::ImportCommentsRequest request = ImportOf(3);
  ASSERT_TRUE(Import(request).ok());
  const auto refused = [&](auto change) {
    v1::ImportCommentsRequest other = request;
    change(*other.mutable_comments(1));
    const auto answer = Import(other);
    EXPECT_EQ(answer.status().code(), absl::StatusCode::kAlreadyExists);
    EXPECT_EQ(ErrorMetadataOf(answer.status(), "field"), "comments[1].comment_id");
    return Reason(answer);
  };
  const auto later = [](v1::ImportedComment& item) {
    item.mutable_create_time()->set_nanos(1'000);
  };
  EXPECT_EQ(refused(later), "COMMENT_ID_REUSED");
  const auto renamed = [](v1::ImportedComment& item) {
    item.mutable_author()->set_display_name("Somebody Else");
  };
  EXPECT_EQ(refused(renamed), "COMMENT_ID_REUSED");
  EXPECT_EQ(refused([](v1::ImportedComment& item) { item.mutable_author()->set_user_id("x"); }),
            "COMMENT_ID_REUSED");
  EXPECT_EQ(refused([](v1::ImportedComment& item) { item.set_body("x"); }), "COMMENT_ID_REUSED");
  // What the comment has become since does not matter: it was imported so.
  auto comment = service().As("org", "user1").List("INV-1")->comments(1);
  ASSERT_TRUE(service().As("org", "user1").Edit(comment, "edited").ok() ||
              service().As("org", "alex", "admin").Remove(comment, "").ok());
  EXPECT_EQ(Import(request)->replayed_count(), 3);
  // A comment that a person added is nobody's import.
  const auto added = service().As("org", "dana").Post("INV-2", "mine").comment();
  v1::ImportCommentsRequest again;
  again.set_invoice_id("INV-2");
  v1::ImportedComment& item = *again.add_comments();
  item.set_comment_id(added.comment_id());
  *item.mutable_author() = added.author();
  item.set_body(added.body());
  item.mutable_create_time()->set_seconds(kImportedAtSeconds);
  EXPECT_EQ(Reason(Import(again)), "COMMENT_ID_REUSED");
  EXPECT_EQ(service().CountRows("comments"), 4);
}

TEST_P(ImportCommentsTest, TimesOutOfOrderImportNothing) {
  v1::ImportCommentsRequest request = ImportOf(3);
  request.mutable_comments(2)->mutable_create_time()->set_seconds(kImportedAtSeconds - 1);
  EXPECT_EQ(Refused(request), "comments[2].create_time");
  ASSERT_TRUE(Import(ImportOf(3)).ok());
  EXPECT_EQ(Refused(ImportOf(1)), "comments[0].create_time");
  request = ImportOf(1);
  request.mutable_comments(0)->mutable_create_time()->set_seconds(kImportedAtSeconds + 2);
  EXPECT_TRUE(Import(request).ok());
}

TEST_P(ImportCommentsTest, TimesInTheFutureImportNothing) {
  v1::ImportCommentsRequest request = ImportOf(2);
  request.mutable_comments(1)->mutable_create_time()->set_seconds(
      absl::ToUnixSeconds(absl::Now() + absl::Hours(1)));
  EXPECT_EQ(Refused(request), "comments[1].create_time");
}

TEST_P(ImportCommentsTest, BadItemsAreNamed) {
  v1::ImportCommentsRequest request = ImportOf(2);
  request.mutable_comments(1)->set_body(" ");
  EXPECT_EQ(Refused(request), "comments[1].body");
  request = ImportOf(2);
  request.mutable_comments(1)->set_comment_id("x");
  EXPECT_EQ(Refused(request), "comments[1].comment_id");
  request = ImportOf(2);
  request.mutable_comments(0)->mutable_author()->set_user_id("");
  EXPECT_EQ(Refused(request), "comments[0].author.user_id");
  request = ImportOf(2);
  request.mutable_comments(0)->mutable_author()->set_display_name(std::string(201, 'x'));
  EXPECT_EQ(Refused(request), "comments[0].author.display_name");
  request = ImportOf(2);
  request.mutable_comments(0)->mutable_author()->set_display_name("Dana\nScully");
  EXPECT_EQ(Refused(request), "comments[0].author.display_name");
  request = ImportOf(2);
  request.mutable_comments(0)->mutable_author()->set_display_name("\u3164");
  EXPECT_EQ(Refused(request), "comments[0].author.display_name");
  request = ImportOf(2);
  request.mutable_comments(1)->mutable_author()->set_user_id("\u00A0");
  EXPECT_EQ(Refused(request), "comments[1].author.user_id");
  request = ImportOf(2);
  request.mutable_comments(1)->set_body("\u200B\uFEFF");
  EXPECT_EQ(Refused(request), "comments[1].body");
  request = ImportOf(2);
  request.mutable_comments(1)->set_comment_id("00000000-0000-0000-0000-000000000000");
  EXPECT_EQ(Refused(request), "comments[1].comment_id");
  request = ImportOf(2);
  request.mutable_comments(1)->clear_create_time();
  EXPECT_EQ(Refused(request), "comments[1].create_time");
  request = ImportOf(2);
  request.mutable_comments(1)->mutable_create_time()->set_nanos(-1);
  EXPECT_EQ(Refused(request), "comments[1].create_time");
  request = ImportOf(1);
  request.set_invoice_id("");
  EXPECT_EQ(Refused(request), "invoice_id");
}

TEST_P(ImportCommentsTest, TheImporterIsAuditedAndEventsFlow) {
  ASSERT_TRUE(Import(ImportOf(2)).ok());
  const auto audit = service().As("org", "alex", "admin").Audit();
  ASSERT_EQ(audit->entries_size(), 2);
  EXPECT_EQ(audit->entries(0).action(), "comment.imported");
  EXPECT_EQ(audit->entries(0).actor_id(), "importer");
  EXPECT_GT(audit->entries(0).create_time().seconds(), kImportedAtSeconds + 1000);
  WatchStream watch = service().As("org", "dana").WatchFromBeginning();
  const auto events = watch.Events(2);
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[1].comment_added().comment().create_time().seconds(), kImportedAtSeconds + 1);
  EXPECT_EQ(events[1].comment_added().thread_comment_count(), 2);
}

TEST_P(ImportCommentsTest, ACommentAddedLaterStandsBehindTheImported) {
  ASSERT_TRUE(Import(ImportOf(2)).ok());
  const auto added = service().As("org", "dana").Post("INV-1", "new");
  EXPECT_EQ(added.comment().sequence(), 3);
  EXPECT_EQ(Refused(ImportOf(1)), "comments[0].create_time");
}

TEST_P(ImportCommentsTest, IsForAServiceOfTheTenantOnly) {
  EXPECT_EQ(Reason(service().As("org", "alex", "admin").Import(ImportOf(1))), "ROLE_TOO_LOW");
  EXPECT_EQ(Reason(service().AsService().Import(ImportOf(1))), "ORG_REQUIRED");
}

}  // namespace
}  // namespace marginalia
