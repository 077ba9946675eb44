#include "comments-service/audit/audit_log.h"

#include <openssl/sha.h>

#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "comments-service/verification/verification.h"
#include "tests/comments_service/imports.h"
#include "tests/comments_service/service_test.h"

namespace marginalia {
namespace {

namespace v1 = comments::v1;

// The canonical bytes of format 2 as record/README.md documents them, written anew.
std::string HashByTheBook(const std::string& previous, const v1::AuditEntry& entry) {
  const std::int64_t micros =
      entry.create_time().seconds() * 1'000'000 + entry.create_time().nanos() / 1000;
  std::string bytes;
  bytes += '\0';  // of a leaf
  for (const std::string& text :
       {std::string("marginalia-audit-2"), std::to_string(entry.number()), entry.org_id(),
        entry.actor_id(), entry.name_commitment(), entry.action(), entry.invoice_id(),
        entry.comment_id(), std::to_string(entry.revision()), entry.content_commitment(),
        entry.reason(), entry.request_id(), std::to_string(micros), previous}) {
    const std::size_t size = text.size();
    bytes += static_cast<char>(size >> 24);
    bytes += static_cast<char>(size >> 16);
    bytes += static_cast<char>(size >> 8);
    bytes += static_cast<char>(size);
    bytes += text;
  }
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
         reinterpret_cast<unsigned char*>(digest.data()));
  return absl::BytesToHexString(digest);
}

class AuditLogTest : public ServiceTest {
 protected:
  void Post(int count) {
    for (int i = 0; i < count; ++i) {
      service().As("org", "dana").Post("INV-" + std::to_string(i % 2), "a body");
      service().As("rival", "mallory").Post("INV-1", "theirs");
    }
  }
  // The first broken position after `sql` has run behind the service's back, as the service itself
  // sees it: a tenant's admin is told numbers.
  std::int64_t BrokenAfter(const std::string& sql) {
    service().Tamper([&](soci::session& session) { session << sql; });
    const auto verdict = Alex().Verify();
    EXPECT_TRUE(verdict.ok()) << verdict.status();
    EXPECT_EQ(verdict->first_broken_position(), 0);
    EXPECT_TRUE(service().As("rival", "mallory", "admin").Verify()->intact());
    Verification verification("org", "");
    while (!verification.done()) {
      const absl::Status step =
          service().database().Read(Tenants::One("org"), [&](Connection& connection) {
            verification.Step(connection);
            return absl::OkStatus();
          });
      if (step.ok()) continue;
      ADD_FAILURE() << step;
      return 0;
    }
    const AuditVerdict found = verification.verdict();
    EXPECT_EQ(verdict->intact(), found.first_broken_position == 0);
    EXPECT_EQ(verdict->first_broken_number(), found.broken.number);
    EXPECT_EQ(verdict->first_broken_what(), found.broken.what);
    return found.first_broken_position;
  }
};
INSTANTIATE_ON_EVERY_DATABASE(AuditLogTest);

TEST_P(AuditLogTest, AnExportIsVerifiedByTheDocumentedBytes) {
  Post(5);
  const auto receipt = service().As("org", "dana").Post("INV-1", "last").receipt();
  v1::ListAuditEntriesRequest request;
  request.set_page_size(2);
  std::string hash;
  int entries = 0;
  do {
    const auto page = Alex().Audit(request);
    ASSERT_TRUE(page.ok()) << page.status();
    for (const v1::AuditEntry& entry : page->entries()) {
      hash = HashByTheBook(hash, entry);
      EXPECT_EQ(entry.hash(), hash);
      EXPECT_EQ(entry.org_id(), "org");
      EXPECT_EQ(entry.position(), 0);
      EXPECT_EQ(entry.number(), ++entries);
      EXPECT_EQ(entry.format(), 2);
    }
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  EXPECT_EQ(entries, 6);
  EXPECT_EQ(receipt.audit_hash(), hash);
  EXPECT_EQ(receipt.position(), 0);
  EXPECT_EQ(receipt.number(), 6);
  const auto verdict = Alex().Verify();
  EXPECT_EQ(verdict->entry_count(), 6);
  EXPECT_EQ(verdict->head_hash(), hash);
  EXPECT_TRUE(verdict->intact());
}

TEST_P(AuditLogTest, AnEntrySaysWhoDidWhatToWhich) {
  const auto added = service().As("org", "dana").Post("INV-1", "a body");
  const auto page = Alex().Audit();
  ASSERT_EQ(page->entries_size(), 1);
  const v1::AuditEntry& entry = page->entries(0);
  EXPECT_EQ(entry.actor_id(), "dana");
  EXPECT_EQ(entry.actor_name(), "DANA");
  EXPECT_EQ(entry.action(), "comment.added");
  EXPECT_EQ(entry.invoice_id(), "INV-1");
  EXPECT_EQ(entry.comment_id(), added.comment().comment_id());
  EXPECT_NE(entry.request_id(), "");
  EXPECT_EQ(entry.revision(), 1);
  EXPECT_EQ(entry.name_commitment().size(), 64U);
  EXPECT_EQ(entry.content_commitment().size(), 64U);
}

TEST_P(AuditLogTest, FiltersNarrowTheListingTogether) {
  service().As("org", "dana").Post("INV-1", "a");
  const auto middle = service().As("org", "priya").Post("INV-1", "b").comment().create_time();
  service().As("org", "dana").Post("INV-2", "c");
  const auto count = [&](const v1::ListAuditEntriesRequest& request) {
    const auto page = Alex().Audit(request);
    return page.ok() ? page->entries_size() : -1;
  };
  v1::ListAuditEntriesRequest request;
  request.set_invoice_id("INV-1");
  EXPECT_EQ(count(request), 2);
  request.set_actor_id("dana");
  EXPECT_EQ(count(request), 1);
  request.clear_invoice_id();
  EXPECT_EQ(count(request), 2);
  request.clear_actor_id();
  *request.mutable_start_time() = middle;
  EXPECT_EQ(count(request), 2);
  *request.mutable_end_time() = middle;
  EXPECT_EQ(count(request), 0);
  request.clear_start_time();
  EXPECT_EQ(count(request), 1);
}

TEST_P(AuditLogTest, ATokenFitsItsFiltersOnly) {
  Post(3);
  v1::ListAuditEntriesRequest request;
  request.set_page_size(1);
  request.set_page_token(Alex().Audit(request)->next_page_token());
  EXPECT_TRUE(Alex().Audit(request).ok());
  request.set_actor_id("dana");
  EXPECT_EQ(Reason(Alex().Audit(request)), "PAGE_TOKEN_INVALID");
  request.clear_actor_id();
  EXPECT_EQ(Reason(service().As("rival", "mallory", "admin").Audit(request)), "PAGE_TOKEN_INVALID");
}

TEST_P(AuditLogTest, BadFiltersAreNamed) {
  v1::ListAuditEntriesRequest request;
  request.mutable_start_time()->set_nanos(-1);
  EXPECT_EQ(Field(Alex().Audit(request)), "start_time");
  request.clear_start_time();
  request.set_invoice_id("a b");
  EXPECT_EQ(Field(Alex().Audit(request)), "invoice_id");
  request.clear_invoice_id();
  request.set_actor_id(std::string(200, 'x'));
  EXPECT_EQ(Field(Alex().Audit(request)), "actor_id");
}

TEST_P(AuditLogTest, IsForAdminsOnly) {
  EXPECT_EQ(Reason(service().As("org", "dana").Audit()), "ROLE_TOO_LOW");
  EXPECT_EQ(Reason(service().As("org", "dana").Verify()), "ROLE_TOO_LOW");
  EXPECT_EQ(Reason(service().AsService("org").Verify()), "ROLE_TOO_LOW");
}

TEST_P(AuditLogTest, AnEmptyLogIsIntact) {
  const auto verdict = Alex().Verify();
  ASSERT_TRUE(verdict.ok()) << verdict.status();
  EXPECT_TRUE(verdict->intact());
  EXPECT_EQ(verdict->entry_count(), 0);
  EXPECT_EQ(verdict->head_hash(), "");
}

TEST_P(AuditLogTest, ACommitmentIsOfTheSaltAndTheTextThatAreStored) {
  service().As("org", "dana").Post("INV-1", "a body");
  const v1::AuditEntry entry = Alex().Audit()->entries(0);
  // SQL may read bytes as digits everywhere.
  std::string body_salt;
  std::string name_salt;
  const std::string digits = GetParam() == DatabaseKind::kSqlite ? "hex(" : "encode(";
  const std::string end = GetParam() == DatabaseKind::kSqlite ? ")" : ", 'hex')";
  service().Tamper([&](soci::session& session) {
    session << "SELECT " + digits + "body_salt" + end + " FROM comments", soci::into(body_salt);
    session << "SELECT " + digits + "name_salt" + end + " FROM audit_entries",
        soci::into(name_salt);
  });
  EXPECT_EQ(body_salt.size(), 32U);
  EXPECT_NE(body_salt, name_salt);
  const auto commitment = [](const std::string& salt, const std::string& text) {
    const std::string bytes = absl::HexStringToBytes(salt) + text;
    std::string digest(SHA256_DIGEST_LENGTH, '\0');
    SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
           reinterpret_cast<unsigned char*>(digest.data()));
    return absl::BytesToHexString(digest);
  };
  EXPECT_EQ(entry.content_commitment(), commitment(body_salt, "a body"));
  EXPECT_EQ(entry.name_commitment(), commitment(name_salt, "DANA"));
}

TEST_P(AuditLogTest, AChangedEntryIsFound) {
  Post(6);  // the tenant's entries are 1, 3, 5, 7, 9, 11
  EXPECT_EQ(BrokenAfter("UPDATE audit_entries SET actor_id = 'priya'"
                        " WHERE org_id = 'org' AND position = 5"),
            5);
}

TEST_P(AuditLogTest, AChangedHashIsFound) {
  Post(6);
  EXPECT_EQ(BrokenAfter("UPDATE audit_entries SET hash = 'x'"
                        " WHERE org_id = 'org' AND position = 5"),
            5);
}

TEST_P(AuditLogTest, ARemovedEntryIsFound) {
  Post(6);
  EXPECT_EQ(BrokenAfter("DELETE FROM audit_entries WHERE org_id = 'org' AND position = 5"), 5);
}

TEST_P(AuditLogTest, ReorderedEntriesAreFound) {
  Post(6);
  service().Tamper([](soci::session& session) {
    session << "UPDATE audit_entries SET position = 99 WHERE org_id = 'org' AND position = 3";
    session << "UPDATE audit_entries SET position = 3 WHERE org_id = 'org' AND position = 5";
  });
  EXPECT_EQ(BrokenAfter("UPDATE audit_entries SET position = 5"
                        " WHERE org_id = 'org' AND position = 99"),
            3);
}

TEST_P(AuditLogTest, ACutOffTailIsFound) {
  Post(6);
  EXPECT_EQ(BrokenAfter("DELETE FROM audit_entries WHERE org_id = 'org' AND position > 7"), 9);
}

TEST_P(AuditLogTest, ACutOffTailIsFoundWithoutEventsToCompareWith) {
  Post(6);
  service().Tamper([](soci::session& session) {
    for (const char* table : {"comments", "thread_comments", "comment_ids"}) {
      session << absl::StrCat("DELETE FROM ", table, " WHERE org_id = 'org' AND position > 7");
    }
    // As retention leaves it.
    session << "DELETE FROM events";
    session << "UPDATE event_log SET compacted = head";
  });
  EXPECT_EQ(BrokenAfter("DELETE FROM audit_entries WHERE org_id = 'org' AND position > 7"), 11);
}

TEST_P(AuditLogTest, ARetainedEventThatIsMissingOrAnothersIsFound) {
  Post(6);
  EXPECT_EQ(BrokenAfter("UPDATE events SET org_id = 'rival' WHERE position = 7"), 7);
  EXPECT_EQ(BrokenAfter("DELETE FROM events WHERE position = 3"), 3);
}

TEST_P(AuditLogTest, AForgedEntryBehindTheHeadIsFound) {
  Post(6);
  EXPECT_EQ(BrokenAfter("INSERT INTO audit_entries (org_id, position, actor_id, actor_name, action,"
                        " invoice_id, comment_id, request_id, create_time, hash)"
                        " SELECT org_id, 13, actor_id, actor_name, action,"
                        " invoice_id, comment_id, request_id, create_time, hash"
                        " FROM audit_entries WHERE org_id = 'org' AND position = 11"),
            13);
}

TEST_P(AuditLogTest, ARemovedCommentIsFound) {
  Post(6);
  EXPECT_EQ(BrokenAfter("DELETE FROM comments WHERE org_id = 'org' AND position = 5"), 5);
}

TEST_P(AuditLogTest, ACommentOutsideItsThreadIsFound) {
  Post(6);
  EXPECT_EQ(BrokenAfter("DELETE FROM thread_comments WHERE org_id = 'org' AND position = 5"), 5);
}

TEST_P(AuditLogTest, ACommentWithoutAnEntryIsFound) {
  Post(6);  // position 6 is the other tenant's
  EXPECT_EQ(BrokenAfter("INSERT INTO comments (org_id, position, invoice_id, sequence, comment_id,"
                        " author_id, author_name, body, create_time)"
                        " SELECT org_id, 6, invoice_id, 99, 'forged', author_id, author_name, body,"
                        " create_time FROM comments WHERE org_id = 'org' AND position = 3"),
            6);
}

TEST_P(AuditLogTest, ACommentBehindTheHeadIsFound) {
  Post(6);
  EXPECT_EQ(BrokenAfter("UPDATE comments SET position = 77 WHERE org_id = 'org' AND position = 11"),
            11);
  EXPECT_EQ(BrokenAfter("UPDATE thread_comments SET position = 77"
                        " WHERE org_id = 'org' AND position = 11"),
            11);
}

TEST_P(AuditLogTest, ALongLogIsVerifiedInChunks) {
  for (int i = 0; i < 9; ++i) {
    ASSERT_TRUE(service().AsService("org").Import(ImportOf("INV-1", 500)).ok());
  }
  EXPECT_EQ(Alex().Verify()->entry_count(), 4500);
  EXPECT_TRUE(Alex().Verify()->intact());
  v1::ListAuditEntriesRequest nobody;
  nobody.set_actor_id("nobody");
  int calls = 0;
  do {
    const auto page = Alex().Audit(nobody);
    ASSERT_TRUE(page.ok());
    EXPECT_EQ(page->entries_size(), 0);
    nobody.set_page_token(page->next_page_token());
    ++calls;
  } while (!nobody.page_token().empty());
  EXPECT_EQ(calls, 5);
  EXPECT_EQ(BrokenAfter("UPDATE audit_entries SET action = 'comment.added'"
                        " WHERE org_id = 'org' AND position = 4321"),
            4321);
}

}  // namespace
}  // namespace marginalia
