// What stands in an evidence file, and who has none. Whose turn it is to have one is in
// evidence_turns_test.
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "comments-service/record/checkpoint.h"
#include "comments-service/record/evidence.h"
#include "comments-service/record/evidence_check.h"
#include "services/process/log.h"
#include "tests/comments_service/evidence_fixture.h"
#include "tests/comments_service/imports.h"
#include "tests/record/by_the_book.h"
#include "tests/support/await.h"

namespace marginalia {
namespace {

namespace v1 = comments::v1;
using testing::HasSubstr;
using testing::Not;

class EvidenceExportTest : public EvidenceFixture {
 protected:
  void Import(const std::string& invoice_id, int count, const std::string& body) {
    for (int done = 0; done < count;) {
      v1::ImportCommentsRequest request;
      request.set_invoice_id(invoice_id);
      for (int i = 0; i < 500 && done < count; ++i, ++done) AddImported(request, body);
      const auto imported = service().AsService("org").Import(request);
      ASSERT_TRUE(imported.ok()) << imported.status();
    }
  }
  // One comment, removed and closed over elsewhere.
  static v1::ImportCommentsRequest RemovedAndClosed() {
    v1::ImportCommentsRequest request;
    request.set_invoice_id(kThread);
    SetRemoved(AddImported(request, "Removed elsewhere."), kImportedAtSeconds + 120);
    SetResolved(request, kImportedAtSeconds + 180);
    return request;
  }
};
INSTANTIATE_ON_EVERY_DATABASE(EvidenceExportTest);

TEST_P(EvidenceExportTest, AThreadOfAllThatCanHappenIsProvenAndAlwaysTheSameBytes) {
  Import(kThread, 2, "imported");
  const v1::Comment edited = Dana().Post(kThread, "First words.").comment();
  Dana().Post("INV-7", "of another thread");
  const v1::Comment removed = Dana().Post(kThread, "Taken back.").comment();
  service().As("rival", "mallory").Post(kThread, "of another tenant");
  const v1::Comment erased = Dana().Post(kThread, "Nobody may read this.").comment();
  const auto second = Dana().Edit(edited, "Better words, \"quoted\" \\ \n and ünïcode \U0001F600.");
  ASSERT_TRUE(second.ok()) << second.status();
  ASSERT_TRUE(Dana().Edit(second->comment(), "Best words.").ok());
  const auto before = Dana().Edit(removed, "Taken back, in other words.");
  ASSERT_TRUE(Dana().Remove(before->comment(), "was wrong").ok());
  ASSERT_TRUE(service().As("org", "priya").Resolve(kThread).ok());
  ASSERT_TRUE(Alex().Remove(erased, "a secret").ok());
  ASSERT_TRUE(Alex().Erase(erased, "a secret, still").ok());
  const v1::Comment at_once = Dana().Post(kThread, "Erased at once.").comment();
  ASSERT_TRUE(Alex().Erase(at_once, "personal data").ok());
  ASSERT_TRUE(Dana().Reopen(kThread).ok());
  ASSERT_TRUE(Dana().Resolve(kThread, "", "Settled.").ok());

  const std::string members = FileFor(Dana());
  const EvidenceVerdict verdict = Verified(members);
  // Seven comments, three edits, two removals, two erasures, three changes of the thread's state.
  EXPECT_EQ(verdict.entries_proven, 17);
  EXPECT_EQ(verdict.texts_proven, 6);
  EXPECT_EQ(verdict.texts_erased, 2);
  EXPECT_EQ(verdict.texts_withheld, 2);
  EXPECT_EQ(verdict.texts_uncovered, 0);
  EXPECT_EQ(FileFor(Dana()), members);
  EXPECT_EQ(FileFor(service().AsService("org")), members);
  const std::string admins = FileFor(Alex());
  EXPECT_EQ(Verified(admins).texts_proven, 8);
  EXPECT_EQ(Verified(admins).texts_withheld, 0);
  for (const std::string& file : {members, admins}) {
    for (const char* nowhere : {"Nobody may", "Erased at once", "of another", "INV-7", "mallory"}) {
      EXPECT_THAT(file, Not(HasSubstr(nowhere)));
    }
    EXPECT_THAT(file, HasSubstr("\"reason\":\"was wrong\""));
  }
  EXPECT_THAT(members, Not(HasSubstr("Taken back")));
  EXPECT_THAT(admins, HasSubstr("Taken back, in other words."));
  StartAnew();
  EXPECT_EQ(FileFor(Dana()), members);
  Dana().Post("INV-7", "elsewhere");
  EXPECT_NE(FileFor(Dana()), members);
}

TEST_P(EvidenceExportTest, OpenSslsCommandLineVerifiesTheNotesThatAreGiven) {
  Dana().Post(kThread, "words");
  const absl::StatusOr<Evidence> read = ReadEvidence(FileFor(Dana()));
  ASSERT_TRUE(read.ok()) << read.status();
  const auto newest = Alex().GetCheckpoint();
  ASSERT_TRUE(newest.ok()) << newest.status();
  for (const std::string& note : {read->checkpoint, newest->checkpoint()}) {
    const BookVerdict verdict = VerifyNoteByOpenSsl(note, key().Text());
    EXPECT_EQ(verdict.exit_code, 0) << verdict.said;
    EXPECT_THAT(verdict.said, HasSubstr("Signature Verified Successfully"));
    std::string changed = note;
    changed[changed.find("\n1\n") + 1] = '2';
    EXPECT_NE(VerifyNoteByOpenSsl(changed, key().Text()).exit_code, 0);
    const std::string other = SigningKey::Make().Verifier(kCheckpointKeyName).Text();
    EXPECT_NE(VerifyNoteByOpenSsl(note, other).exit_code, 0);
  }
}

// What had been edited, removed and closed before it was imported is proven as the import says it.
TEST_P(EvidenceExportTest, AThreadThatWasImportedWithItsChangesIsProven) {
  v1::ImportCommentsRequest request;
  request.set_invoice_id(kThread);
  for (const char* body :
       {"Edited elsewhere.", "Removed elsewhere.", "", "Removed, then erased."}) {
    v1::ImportedComment& comment = AddImported(request, body);
    comment.mutable_edit_time()->set_seconds(kImportedAtSeconds + 60);
    if (request.comments_size() == 1) continue;
    SetRemoved(comment, kImportedAtSeconds + 120);
    comment.mutable_removal()->mutable_actor()->set_display_name("The \"Boss\"");
  }
  SetResolved(request, kImportedAtSeconds + 180);
  const auto imported = service().AsService("org").Import(request);
  ASSERT_TRUE(imported.ok()) << imported.status();
  ASSERT_TRUE(Alex().Erase(Alex().List(kThread)->comments(0), "asked for").ok());

  const std::string members = FileFor(Dana());
  const EvidenceVerdict verdict = Verified(members);
  EXPECT_EQ(verdict.entries_proven, 6);
  EXPECT_EQ(verdict.texts_proven, 1);
  EXPECT_EQ(verdict.texts_erased, 2);
  EXPECT_EQ(verdict.texts_withheld, 1);
  EXPECT_THAT(members, Not(HasSubstr("Removed elsewhere")));
  const std::string admins = FileFor(Alex());
  EXPECT_EQ(Verified(admins).texts_proven, 2);
  EXPECT_THAT(admins, HasSubstr("Removed elsewhere."));
  EXPECT_THAT(admins, Not(HasSubstr("then erased")));

  // Each thing that it says of that is compared with the entry.
  const absl::StatusOr<Evidence> read = ReadEvidence(admins);
  ASSERT_TRUE(read.ok()) << read.status();
  const auto fails = [&](auto change) {
    Evidence changed = *read;
    change(changed);
    return !CheckEvidence(changed, {{key()}}).failures.empty();
  };
  const absl::Duration later = absl::Microseconds(1);
  EXPECT_FALSE(fails([](Evidence&) {}));
  EXPECT_TRUE(fails([&](Evidence& e) { e.comments[0].revisions[0].time += later; }));
  EXPECT_TRUE(fails([&](Evidence& e) { e.comments[0].create_time += later; }));
  for (const std::size_t removed : {1, 2, 3}) {
    EXPECT_TRUE(fails([&](Evidence& e) { e.comments[removed].revisions[0].time += later; }));
    EXPECT_TRUE(fails([&](Evidence& e) { e.comments[removed].removal->time += later; }));
    EXPECT_TRUE(fails([&](Evidence& e) { e.comments[removed].removal->actor.user_id = "eve"; }));
    EXPECT_TRUE(fails([&](Evidence& e) { e.comments[removed].removal->actor.display_name = "E"; }));
    EXPECT_TRUE(fails([&](Evidence& e) { e.comments[removed].removal->actor.salt = "salt"; }));
    EXPECT_TRUE(fails([&](Evidence& e) { e.comments[removed].removal->reason = "another"; }));
    EXPECT_TRUE(fails([&](Evidence& e) { e.comments[removed].removal.reset(); }));
    EXPECT_TRUE(fails([&](Evidence& e) {
      e.comments[removed].revisions[0].erased = !e.comments[removed].revisions[0].erased;
    }));
  }
  EXPECT_TRUE(fails([](Evidence& e) { e.comments[0].removal = e.comments[1].removal; }));
  EXPECT_TRUE(fails([&](Evidence& e) { e.state->time += later; }));
  EXPECT_TRUE(fails([](Evidence& e) { e.state->resolved = false; }));
  EXPECT_TRUE(fails([](Evidence& e) { e.state->actor.user_id = "eve"; }));
  EXPECT_TRUE(fails([](Evidence& e) { e.state->actor.display_name = "Eve"; }));
  EXPECT_TRUE(fails([](Evidence& e) { e.state->actor.salt = "salt"; }));
}

// An entry cannot be changed, so a name that stands in it could never go: it only commits to names.
TEST_P(EvidenceExportTest, WhoRemovedAndClosedBeforeAnImportIsNamedByNoEntryAndProvenAllTheSame) {
  ASSERT_TRUE(service().AsService("org").Import(RemovedAndClosed()).ok());
  const auto audit = Alex().Audit();
  ASSERT_TRUE(audit.ok()) << audit.status();
  EXPECT_EQ(audit->entries_size(), 2);
  for (const char* name : {"Boss", "Closer"}) {
    EXPECT_THAT(audit->DebugString(), Not(HasSubstr(name)));
    EXPECT_THAT(FileFor(Dana()), HasSubstr(name));
  }
  Verified(FileFor(Dana()));
  EXPECT_TRUE(Alex().Verify()->intact());
  for (const char* changed : {"UPDATE comments SET remover_name = 'Eve'",
                              "UPDATE threads SET state_actor_name = 'Eve'"}) {
    service().Tamper([&](soci::session& session) { session << changed; });
    EXPECT_FALSE(Alex().Verify()->intact()) << changed;
    const absl::StatusOr<Evidence> read = ReadEvidence(FileFor(Dana()));
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(CheckEvidence(*read, {{key()}}).failures.size(), 1) << changed;
    service().Tamper([](soci::session& session) {
      session << "UPDATE comments SET remover_name = 'The Boss'";
      session << "UPDATE threads SET state_actor_name = 'The Closer'";
    });
  }
  EXPECT_TRUE(Alex().Verify()->intact());
}

// As imports were written before their entries committed to names.
TEST_P(EvidenceExportTest, AnImportWhoseEntriesSayNamesInClearIsProvenAndKnownAgain) {
  const v1::ImportCommentsRequest request = RemovedAndClosed();
  ASSERT_TRUE(service().AsService("org").Import(request).ok());
  const auto audit = Alex().Audit();
  ASSERT_TRUE(audit.ok()) << audit.status();
  service().Tamper([&](soci::session& session) {
    std::string previous;
    for (const v1::AuditEntry& told : audit->entries()) {
      const bool closing = told.action() == kActionResolved;
      AuditEntry entry{
          .format = 2,
          .number = told.number(),
          .position = 0,
          .org_id = "org",
          .actor_id = told.actor_id(),
          .actor_name = "",
          .name_commitment = told.name_commitment(),
          .action = told.action(),
          .invoice_id = told.invoice_id(),
          .comment_id = told.comment_id(),
          .revision = told.revision(),
          .content_commitment = told.content_commitment(),
          .reason = closing ? "state_time=1600000180000000 state_actor_id=\"closer\""
                              " state_actor_name=\"The Closer\""
                            : "author_id=old create_time=1600000000000000"
                              " removal_time=1600000120000000 remover_id=\"boss\""
                              " remover_name=\"The Boss\" removal_reason=\"not for here\"",
          .request_id = told.request_id(),
          .create_time = absl::FromUnixMicros(told.create_time().seconds() * 1'000'000 +
                                              told.create_time().nanos() / 1'000),
          .hash = ""};
      entry.hash = EntryHash(previous, entry);
      previous = entry.hash;
      session << "UPDATE audit_entries SET reason = :reason, hash = :hash WHERE number = :number",
          soci::use(entry.reason), soci::use(entry.hash), soci::use(entry.number);
    }
    session << (GetParam() == DatabaseKind::kPostgres
                    ? "UPDATE audit_entries SET name_salt = substring(name_salt from 1 for 16)"
                    : "UPDATE audit_entries SET name_salt ="
                      " CAST(substr(CAST(name_salt AS BLOB), 1, 16) AS TEXT)");
    session << "UPDATE audit_heads SET hash = :hash", soci::use(previous);
  });
  const auto verdict = Alex().Verify();
  EXPECT_TRUE(verdict->intact()) << verdict->first_broken_what();
  Verified(FileFor(Dana()));
  const auto again = service().AsService("org").Import(request);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->replayed_count(), 1);
  EXPECT_EQ(service().CountRows("audit_entries"), 2);
  service().Tamper(
      [](soci::session& session) { session << "UPDATE comments SET remover_name = 'Eve'"; });
  EXPECT_FALSE(Alex().Verify()->intact());
}

TEST_P(EvidenceExportTest, AChangeOfOneByteInTheDatabaseIsInTheFileAndFound) {
  Dana().Post(kThread, "You owe 100.");
  const v1::Comment edited = Dana().Post(kThread, "And 1.").comment();
  ASSERT_TRUE(Dana().Edit(edited, "And 2.").ok());
  service().Tamper([](soci::session& session) {
    session << "UPDATE comments SET body = 'You owe 900.' WHERE body = 'You owe 100.'";
    session << "UPDATE comment_revisions SET editor_name = 'Eve' WHERE revision = 1";
  });
  const absl::StatusOr<Evidence> read = ReadEvidence(FileFor(Dana()));
  ASSERT_TRUE(read.ok()) << read.status();
  const EvidenceVerdict verdict = CheckEvidence(*read, {{key()}});
  EXPECT_THAT(verdict.failures,
              testing::ElementsAre(HasSubstr("does not say what entry 1 committed to"),
                                   HasSubstr("by another name than entry 2 committed to")));
}

TEST_P(EvidenceExportTest, WhatIsOlderThanCommitmentsIsProvenAsFarAsItGoes) {
  service().Tamper([](soci::session& session) {
    const AuditEntry entry{.format = 1,
                           .number = 1,
                           .position = 1,
                           .org_id = "org",
                           .actor_id = "dana",
                           .actor_name = "Dana",
                           .name_commitment = "",
                           .action = "comment.added",
                           .invoice_id = kThread,
                           .comment_id = "0190c6a8-5a3e-7c41-9f52-3f6d1b7a9e10",
                           .revision = 0,
                           .content_commitment = "",
                           .reason = "",
                           .request_id = "r",
                           .create_time = absl::FromUnixMicros(1'700'000'000'000'000),
                           .hash = ""};
    const std::string hash = EntryHash("", entry);
    session << "INSERT INTO audit_entries (org_id, position, actor_id, actor_name, action,"
               " invoice_id, comment_id, request_id, create_time, hash, number) VALUES ('org', 1,"
               " 'dana', 'Dana', 'comment.added', 'INV-1042',"
               " '0190c6a8-5a3e-7c41-9f52-3f6d1b7a9e10', 'r', 1700000000000000, :hash, 1)",
        soci::use(hash);
    session << "INSERT INTO audit_heads (org_id, entry_count, position, hash)"
               " VALUES ('org', 1, 1, :hash)",
        soci::use(hash);
    session << "INSERT INTO comments (org_id, position, invoice_id, sequence, comment_id,"
               " author_id, author_name, body, create_time) VALUES ('org', 1, 'INV-1042', 1,"
               " '0190c6a8-5a3e-7c41-9f52-3f6d1b7a9e10', 'dana', 'Dana', 'An old text.',"
               " 1700000000000000)";
    session << "INSERT INTO thread_comments (org_id, invoice_id, sequence, position)"
               " VALUES ('org', 'INV-1042', 1, 1)";
    session << "INSERT INTO threads (org_id, invoice_id) VALUES ('org', 'INV-1042')";
  });
  const std::string file = FileFor(Dana());
  EXPECT_THAT(file, HasSubstr("\"format\":1"));
  EXPECT_THAT(file, HasSubstr("An old text."));
  const EvidenceVerdict verdict = Verified(file);
  EXPECT_EQ(verdict.entries_proven, 1);
  EXPECT_EQ(verdict.texts_uncovered, 1);
}

TEST_P(EvidenceExportTest, WhoMayNotHaveItIsToldWhy) {
  Dana().Post(kThread, "words");
  EXPECT_EQ(Reason(service().As("org", "sam", "viewer").ExportEvidence(kThread)), "ROLE_TOO_LOW");
  EXPECT_EQ(Reason(service().AsService().ExportEvidence(kThread)), "ORG_REQUIRED");
  EXPECT_EQ(Field(Dana().ExportEvidence("")), "invoice_id");
  EXPECT_EQ(Field(Dana().ExportEvidence("a b")), "invoice_id");
  // Of a thread that is empty, or another tenant's, which looks just so, nothing is proven.
  const std::string empty = FileFor(service().As("rival", "mallory"));
  EXPECT_THAT(empty, HasSubstr("\"comments\":[],\"entries\":[]"));
  Start();
  const auto without_key = Dana().ExportEvidence(kThread);
  EXPECT_EQ(without_key.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(Reason(without_key), "NO_CHECKPOINT_KEY");
}

TEST_P(EvidenceExportTest, AThreadOfTenThousandEntriesIsOneFileAndOneOfMoreIsNone) {
  Import(kThread, 10'000, "one of many");
  const std::string file = FileFor(Dana());
  EXPECT_LT(file.size(), kEvidenceBytesMax);
  EXPECT_EQ(Verified(file).texts_proven, 10'000);
  Dana().Post(kThread, "one too many");
  const auto refused = Dana().ExportEvidence(kThread);
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(Reason(refused), "EVIDENCE_TOO_LARGE");
  // Few entries, and too much text.
  PostLong("org", "INV-2");
  EXPECT_EQ(Reason(Dana().ExportEvidence("INV-2")), "OK");
  PostLong("org", "INV-2");
  EXPECT_EQ(Reason(Dana().ExportEvidence("INV-2")), "EVIDENCE_TOO_LARGE");
}

TEST_P(EvidenceExportTest, HowLongAThreadIsIsKnownBeforeItIsGoneThrough) {
  service().Tamper([](soci::session& session) {
    session << "INSERT INTO threads (org_id, invoice_id, change_count)"
               " VALUES ('org', 'INV-9', 10001)";
  });
  EXPECT_EQ(Reason(Dana().ExportEvidence("INV-9")), "EVIDENCE_TOO_LARGE");
}

// An entry that the tree will never have is not one that it does not have yet.
TEST_P(EvidenceExportTest, ADamagedRecordIsNoneThatIsBehindAndTheLogSaysItOnce) {
  const bool postgres = GetParam() == DatabaseKind::kPostgres;
  const auto enter = [&](int first, int last) {
    service().Tamper([&](soci::session& session) {
      session << absl::StrCat(
          postgres ? ""
                   : absl::StrCat("WITH RECURSIVE n(i) AS (SELECT ", first,
                                  " UNION ALL SELECT i + 1 FROM n WHERE i < ", last, ") "),
          "INSERT INTO audit_entries (org_id, position, actor_id, actor_name, action, invoice_id,"
          " comment_id, request_id, create_time, hash, number, format) SELECT 'damaged', i, 'a',"
          " 'A', 'thread.resolved', CASE i WHEN 9000 THEN 'INV-1' ELSE 'INV-2' END, '', 'r', i, ",
          postgres ? "lpad(to_hex(i), 64, '0')" : "printf('%064x', i)", ", i, 2 FROM ",
          postgres ? absl::StrCat("generate_series(", first, ", ", last, ") AS n(i)") : "n");
    });
  };
  enter(1, 299);
  enter(301, 9000);
  const Client theirs = service().As("damaged", "dana");
  const auto grow = [this](const std::string& org_id, std::int64_t entries) {
    const Client admin = service().As(org_id, "alex", "admin");
    return Await([&] {
      const auto checkpoint = admin.GetCheckpoint();
      return checkpoint.ok() && checkpoint->size() == entries;
    });
  };
  FlushLog();
  testing::internal::CaptureStderr();
  service().Tamper([](soci::session& session) {
    session << "INSERT INTO audit_heads (org_id, entry_count, position, hash)"
               " VALUES ('damaged', 9000, 9000, 'x')";
  });
  for (int i = 0; i < 3; ++i) {
    const absl::Status refused = theirs.ExportEvidence("INV-1").status();
    EXPECT_EQ(refused.code(), absl::StatusCode::kDataLoss) << refused;
    EXPECT_EQ(ReasonOf(refused), "RECORD_DAMAGED");
    EXPECT_EQ(RetryAfterOf(refused), absl::ZeroDuration());
    // Who comes behind it in the keeper's round: so one is over.
    const std::int64_t before = service().CountRows("audit_tree_nodes");
    Import("INV-1", 500, "imported");
    EXPECT_TRUE(Await([&] { return service().CountRows("audit_tree_nodes") > before; }));
  }
  FlushLog();
  const std::string logged = testing::internal::GetCapturedStderr();
  const std::string said = "a tenant's record is damaged";
  const std::size_t first = logged.find(said);
  ASSERT_NE(first, std::string::npos) << logged;
  EXPECT_THAT(logged, HasSubstr(R"("org_id":"damaged")"));
  EXPECT_EQ(logged.find(said, first + 1), std::string::npos) << logged;
  EXPECT_THAT(logged, Not(HasSubstr("database error")));
  // Mended, it is taken in, and proves.
  enter(300, 300);
  EXPECT_TRUE(grow("damaged", 9000));
  const absl::Status proven = theirs.ExportEvidence("INV-1").status();
  EXPECT_TRUE(proven.ok()) << proven;
}

}  // namespace
}  // namespace marginalia
