// A database of the version before changes and the record, as it was left, under this one.
#include <soci/postgresql/soci-postgresql.h>

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "comments-service/record/audit_entry.h"
#include "comments-service/schema.h"
#include "comments-service/thread/store/comment_store.h"
#include "tests/comments_service/imports.h"
#include "tests/comments_service/service_test.h"
#include "tests/support/await.h"

namespace marginalia {
namespace {

namespace v1 = comments::v1;

constexpr std::int64_t kMicros = 1'700'000'000'000'005;
constexpr int kVersionBefore = 3;

class UpgradeTest : public testing::TestWithParam<DatabaseKind> {
 protected:
  void SetUp() override {
    Migrations before = CommentsMigrations();
    before.resize(kVersionBefore);
    auto database = Database::Open(url_, before);
    ASSERT_TRUE(database.ok()) << database.status();
    const absl::Status written = (*database)->WriteAtStart([](Connection& connection) {
      const TenantScope all(connection, Tenants::All());
      std::string hash;
      for (std::int64_t position = 1; position <= 3; ++position) {
        hash = Write(connection, position, hash);
      }
      connection.sql() << "INSERT INTO threads (org_id, invoice_id) VALUES ('org', 'INV-1')";
      connection.sql() << "INSERT INTO audit_heads (org_id, entry_count, position, hash)"
                          " VALUES ('org', 3, 3, :hash)",
          soci::use(hash);
      connection.sql() << "UPDATE event_log SET log_id = '00ff10c0ffee9abc', head = 3";
      return absl::OkStatus();
    });
    ASSERT_TRUE(written.ok()) << written;
  }

  // Nil and max were taken as ids once.
  static std::string IdAt(std::int64_t position) {
    if (position == 1) return "00000000-0000-0000-0000-000000000000";
    if (position == 3) return "ffffffff-ffff-ffff-ffff-ffffffffffff";
    return "018f4e2a-9c3b-7d10-8a55-000000000002";
  }

  // Returns the entry's hash.
  static std::string Write(Connection& connection, std::int64_t position,
                           const std::string& previous) {
    const std::string id = IdAt(position);
    const AuditEntry entry{.format = 1,
                           .position = position,
                           .org_id = "org",
                           .actor_id = "dana",
                           .actor_name = "Dana",
                           .action = std::string(kActionAdded),
                           .invoice_id = "INV-1",
                           .comment_id = id,
                           .request_id = "r",
                           .create_time = absl::FromUnixMicros(kMicros)};
    const std::string hash = EntryHash(previous, entry);
    v1::Event event;
    event.set_position(position);
    event.set_org_id("org");
    v1::Comment& comment = *event.mutable_comment_added()->mutable_comment();
    comment.set_comment_id(id);
    comment.set_invoice_id("INV-1");
    comment.mutable_author()->set_user_id("dana");
    comment.mutable_author()->set_display_name("Dana");
    comment.set_body("an old body");
    comment.set_sequence(position);
    comment.mutable_create_time()->set_seconds(kMicros / 1'000'000);
    comment.mutable_create_time()->set_nanos(kMicros % 1'000'000 * 1'000);
    *event.mutable_event_time() = comment.create_time();
    event.mutable_comment_added()->set_thread_comment_count(position);
    const std::string payload = connection.ToColumn(event.SerializeAsString());
    const UuidHalves halves = HalvesOf(id);
    soci::session& sql = connection.sql();
    sql << "INSERT INTO comments (org_id, position, invoice_id, sequence, comment_id, author_id,"
           " author_name, body, create_time) VALUES ('org', :position, 'INV-1', :sequence, :id,"
           " 'dana', 'Dana', 'an old body', :time)",
        soci::use(position), soci::use(position), soci::use(id), soci::use(kMicros);
    sql << "INSERT INTO thread_comments (org_id, invoice_id, sequence, position)"
           " VALUES ('org', 'INV-1', :sequence, :position)",
        soci::use(position), soci::use(position);
    sql << "INSERT INTO comment_ids (org_id, id_high, id_low, position)"
           " VALUES ('org', :high, :low, :position)",
        soci::use(halves.high), soci::use(halves.low), soci::use(position);
    sql << "INSERT INTO audit_entries (org_id, position, actor_id, actor_name, action, invoice_id,"
           " comment_id, request_id, create_time, hash) VALUES ('org', :position, 'dana', 'Dana',"
           " 'comment.added', 'INV-1', :id, 'r', :time, :hash)",
        soci::use(position), soci::use(id), soci::use(kMicros), soci::use(hash);
    sql << "INSERT INTO events (position, org_id, subject, event_time, payload)"
           " VALUES (:position, 'org', 'INV-1', :time, CAST(:payload AS " +
               std::string(connection.kind() == DatabaseKind::kPostgres ? "BYTEA" : "BLOB") + "))",
        soci::use(position), soci::use(kMicros), soci::use(payload);
    return hash;
  }

  const std::string url_ = NewDatabaseUrl(GetParam());
};
INSTANTIATE_ON_EVERY_DATABASE(UpgradeTest);

TEST_P(UpgradeTest, WhatWasThereIsReadVerifiedNumberedAndCanBeChanged) {
  ServiceUnderTest service({.database_url = url_});
  const Client dana = service.As("org", "dana");
  const Client alex = service.As("org", "alex", "admin");
  const auto page = dana.List("INV-1");
  ASSERT_TRUE(page.ok()) << page.status();
  ASSERT_EQ(page->comments_size(), 3);
  EXPECT_EQ(page->comments(0).body(), "an old body");
  EXPECT_EQ(page->comments(0).revision(), 1);
  EXPECT_EQ(page->thread().revision(), 3);
  EXPECT_EQ(dana.Recent()->total_size(), 3);
  EXPECT_EQ(alex.Authors("dan")->authors(0).user_id(), "dana");
  EXPECT_EQ(alex.ReadStates({"INV-1"})->read_states(0).unread_count(), 3);
  EXPECT_TRUE(alex.Verify()->intact());
  const auto again = dana.Add("INV-1", IdAt(2), "an old body");
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_TRUE(again->replayed());
  EXPECT_EQ(again->receipt().number(), 2);
  EXPECT_EQ(dana.Post("INV-1", "a new body").receipt().number(), 4);
  ASSERT_TRUE(alex.Remove(page->comments(0), "old").ok());
  EXPECT_EQ(dana.Recent()->total_size(), 4);
  const auto entries = alex.Audit();
  ASSERT_EQ(entries->entries_size(), 5);
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(entries->entries(i).number(), i + 1);
    EXPECT_EQ(entries->entries(i).format(), i < 3 ? 1 : 2);
  }
  EXPECT_TRUE(alex.Verify()->intact());
}

// They are refused of what is new alone.
TEST_P(UpgradeTest, WhatIsStoredUnderTheNilOrTheMaxIdCanStillBeNamedChangedAndErased) {
  ServiceUnderTest service({.database_url = url_, .edit_window = absl::InfiniteDuration()});
  const Client dana = service.As("org", "dana");
  const Client alex = service.As("org", "alex", "admin");
  EXPECT_TRUE(alex.Verify()->intact()) << alex.Verify()->DebugString();
  for (const std::int64_t position : {1, 3}) {
    const std::string id = IdAt(position);
    const auto named = dana.Get("INV-1", absl::AsciiStrToUpper(id));
    ASSERT_TRUE(named.ok()) << named.status();
    EXPECT_EQ(named->comment().sequence(), position);
    EXPECT_EQ(dana.ListAround("INV-1", id)->comments_size(), 3);
    v1::ImportCommentsRequest request = ImportOf("INV-1", 1);
    v1::ImportedComment& comment = *request.mutable_comments(0);
    comment.set_comment_id(id);
    comment.set_body(named->comment().body());
    *comment.mutable_author() = named->comment().author();
    *comment.mutable_create_time() = named->comment().create_time();
    const auto repeated = service.AsService("org").Import(request);
    ASSERT_TRUE(repeated.ok()) << repeated.status();
    EXPECT_EQ(repeated->replayed_count(), 1);
    EXPECT_EQ(Field(service.AsService("rival").Import(request)), "comments[0].comment_id");
    EXPECT_EQ(Field(service.As("rival", "dana").Add("INV-1", id, "a body")), "comment_id");
    const auto edited = dana.Edit(named->comment(), "a newer body");
    ASSERT_TRUE(edited.ok()) << edited.status();
    EXPECT_EQ(Field(dana.Edit(edited->comment(), "a newest body", id)), "change_id");
    EXPECT_EQ(dana.Revisions(edited->comment())->revisions_size(), 2);
    EXPECT_TRUE(dana.Remove(edited->comment(), "old").ok());
    EXPECT_TRUE(alex.Erase(edited->comment(), "asked for")->comment().erased());
    EXPECT_TRUE(alex.Verify()->intact()) << alex.Verify()->DebugString();
  }
}

// A replica of the version before reads events and entries whole. It is known by its sessions, here
// by one that is nobody's else.
TEST_P(UpgradeTest, NothingIsLeftOutForAReplicaOfTheVersionBeforeToMiss) {
  ServiceOptions options{.database_url = url_, .older_look_pause = absl::ZeroDuration()};
  std::optional<soci::session> older;
  if (GetParam() == DatabaseKind::kPostgres) older.emplace(soci::postgresql, url_);
  ServiceUnderTest service(options);
  const Client dana = service.As("org", "dana");
  const auto whole = [&service] {
    std::int64_t count = 0;
    service.Tamper([&count](soci::session& sql) {
      sql << "SELECT count(*) FROM events e JOIN audit_entries a ON a.org_id = e.org_id"
             " AND a.position = e.position WHERE e.subject <> '' AND a.comment_id <> ''",
          soci::into(count);
    });
    return count;
  };
  for (int i = 0; i < 4; ++i) dana.Post("INV-1", "beside an older one");
  EXPECT_EQ(whole(), older.has_value() ? 7 : 3);
  older.reset();
  // It is looked for at each group, so twice has been enough.
  ASSERT_TRUE(Await([&] {
    const std::int64_t before = whole();
    dana.Post("INV-1", "alone");
    return whole() == before;
  }));
  const std::vector<v1::Event> read = service.AsService().WatchFromBeginning().Events(8);
  // The older session may have taken a moment to be gone.
  ASSERT_GE(read.size(), 8U);
  EXPECT_EQ(read[0].comment_added().comment().body(), "an old body");
  EXPECT_EQ(read[4].comment_added().comment().body(), "beside an older one");
  const v1::VerifyAuditLogResponse verdict = *service.As("org", "alex", "admin").Verify();
  EXPECT_TRUE(verdict.intact()) << verdict.DebugString();
}

// While replicas are replaced one by one, one of the version before goes on adding comments.
TEST_P(UpgradeTest, WhatAReplicaOfTheVersionBeforeWritesIsNumberedToo) {
  ServiceUnderTest service({.database_url = url_});
  if (GetParam() == DatabaseKind::kSqlite) {
    // There none can be.
    EXPECT_FALSE(Database::Open(url_, CommentsMigrations()).ok());
    return;
  }
  service.As("org", "dana").Post("INV-1", "a new body");
  service.Tamper([](soci::session& sql) {
    sql << "INSERT INTO audit_entries (org_id, position, actor_id, actor_name, action,"
           " invoice_id, comment_id, request_id, create_time, hash)"
           " SELECT org_id, position + 4, actor_id, actor_name, action, invoice_id, comment_id,"
           " request_id, create_time, hash FROM audit_entries WHERE position < 3";
  });
  const auto entries = service.As("org", "alex", "admin").Audit();
  ASSERT_EQ(entries->entries_size(), 6);
  for (int i = 0; i < 6; ++i) EXPECT_EQ(entries->entries(i).number(), i + 1);
  EXPECT_EQ(entries->entries(5).format(), 1);
}

}  // namespace
}  // namespace marginalia
