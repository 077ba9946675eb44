// Row-level security as the storage's transactions meet it: what statements find that do not name
// their tenant at all.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <string>
#include <vector>

#include "comments-service/schema.h"
#include "services/process/stopwatch.h"
#include "services/storage/group/group_commit.h"
#include "tests/support/postgres_server.h"

namespace marginalia {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::unique_ptr<Database> Open(const std::string& url) {
  auto database = Database::Open(url, CommentsMigrations());
  EXPECT_EQ(database.status(), absl::OkStatus());
  return *std::move(database);
}

std::string InsertOf(const std::string& org_id) {
  return "INSERT INTO threads (org_id, invoice_id) VALUES ('" + org_id + "', 'INV-1')";
}

// The tenants of all the threads that the transaction sees.
std::vector<std::string> OrgsSeenBy(Connection& connection) {
  std::vector<std::string> orgs;
  std::string org_id;
  soci::statement select =
      (connection.sql().prepare << "SELECT org_id FROM threads ORDER BY org_id",
       soci::into(org_id));
  select.execute();
  while (select.fetch()) orgs.push_back(org_id);
  return orgs;
}

class TenantWallTest : public testing::Test {
 protected:
  absl::Status Write(const Tenants& tenants, const std::string& statement) {
    return writes_.SubmitAndWait(SteadyTime::Never(), tenants, [&](Connection& connection) {
      connection.sql() << statement;
      return absl::OkStatus();
    });
  }

  void WriteBoth() {
    ASSERT_EQ(Write(Tenants::One("northlight"), InsertOf("northlight")), absl::OkStatus());
    ASSERT_EQ(Write(Tenants::One("seaside"), InsertOf("seaside")), absl::OkStatus());
  }

  std::vector<std::string> OrgsSeenFor(const Tenants& tenants) {
    std::vector<std::string> orgs;
    EXPECT_EQ(database_->Read(tenants,
                              [&](Connection& connection) {
                                orgs = OrgsSeenBy(connection);
                                return absl::OkStatus();
                              }),
              absl::OkStatus());
    return orgs;
  }

  const std::string url_ = NewPostgresDatabase();
  const std::unique_ptr<Database> database_ = Open(url_);
  GroupCommit writes_{*database_, {}, [](std::string_view) {}};
};

TEST_F(TenantWallTest, ATransactionSeesTheRowsOfItsTenantsOnly) {
  WriteBoth();
  EXPECT_THAT(OrgsSeenFor(Tenants::One("northlight")), ElementsAre("northlight"));
  EXPECT_THAT(OrgsSeenFor(Tenants::One("seaside")), ElementsAre("seaside"));
  EXPECT_THAT(OrgsSeenFor(Tenants::One("nobody")), IsEmpty());
  EXPECT_THAT(OrgsSeenFor(Tenants::All()), ElementsAre("northlight", "seaside"));
}

TEST_F(TenantWallTest, ATransactionThatDeclaresNoTenantSeesNoRowAndWritesNone) {
  WriteBoth();
  // On connections that have been at work for tenants and for all of them.
  OrgsSeenFor(Tenants::All());
  OrgsSeenFor(Tenants::One("seaside"));
  EXPECT_THAT(OrgsSeenFor(Tenants()), IsEmpty());
  EXPECT_THAT(OrgsSeenFor(Tenants::One("")), IsEmpty());
  EXPECT_EQ(Write(Tenants(), InsertOf("harbour")).code(), absl::StatusCode::kInternal);
  EXPECT_EQ(Write(Tenants(), InsertOf("")).code(), absl::StatusCode::kInternal);
}

TEST_F(TenantWallTest, AWriteForOneTenantNeitherAddsNorChangesNorRemovesAnothersRow) {
  WriteBoth();
  const Tenants seaside = Tenants::One("seaside");
  EXPECT_EQ(
      Write(seaside, "INSERT INTO threads (org_id, invoice_id) VALUES ('northlight', 'INV-2')")
          .code(),
      absl::StatusCode::kInternal);
  EXPECT_EQ(Write(seaside, "UPDATE threads SET org_id = 'northlight'").code(),
            absl::StatusCode::kInternal);
  EXPECT_EQ(Write(seaside, "DELETE FROM threads"), absl::OkStatus());
  EXPECT_THAT(OrgsSeenFor(Tenants::All()), ElementsAre("northlight"));
}

TEST_F(TenantWallTest, WhatActsForOthersInBetweenLeavesNothingBehind) {
  WriteBoth();
  std::vector<std::vector<std::string>> seen;
  const Tenants northlight = Tenants::One("northlight");
  EXPECT_EQ(writes_.SubmitAndWait(SteadyTime::Never(), northlight,
                                  [&seen](Connection& connection) {
                                    seen.push_back(OrgsSeenBy(connection));
                                    {
                                      const TenantScope all(connection, Tenants::All());
                                      seen.push_back(OrgsSeenBy(connection));
                                      const TenantScope one(connection, Tenants::One("seaside"));
                                      seen.push_back(OrgsSeenBy(connection));
                                    }
                                    seen.push_back(OrgsSeenBy(connection));
                                    return absl::OkStatus();
                                  }),
            absl::OkStatus());
  EXPECT_THAT(seen, ElementsAre(ElementsAre("northlight"), ElementsAre("northlight", "seaside"),
                                ElementsAre("seaside"), ElementsAre("northlight")));
}

TEST_F(TenantWallTest, EachWriteOfAGroupSeesItsOwnTenantOnly) {
  WriteBoth();
  std::promise<void> held;
  std::promise<void> answered;
  std::vector<std::vector<std::string>> seen(4);
  // The first one holds the writer until the others are in the queue, and so in one group.
  writes_.Submit(
      SteadyTime::Never(),
      [&held](Connection&) {
        held.get_future().wait();
        return absl::OkStatus();
      },
      [](const absl::Status&) {});
  const std::vector<Tenants> tenants = {Tenants::One("seaside"), Tenants::One("northlight"),
                                        Tenants(), Tenants::All()};
  for (std::size_t i = 0; i < tenants.size(); ++i) {
    writes_.Submit(
        SteadyTime::Never(), tenants[i],
        [&seen, i](Connection& connection) {
          seen[i] = OrgsSeenBy(connection);
          return absl::OkStatus();
        },
        [&, i](const absl::Status& status) {
          EXPECT_EQ(status, absl::OkStatus());
          if (i + 1 == tenants.size()) answered.set_value();
        });
  }
  held.set_value();
  answered.get_future().wait();
  EXPECT_THAT(seen, ElementsAre(ElementsAre("seaside"), ElementsAre("northlight"), IsEmpty(),
                                ElementsAre("northlight", "seaside")));
}

TEST_F(TenantWallTest, ATenantsIdIsNeverTakenForAnythingElse) {
  WriteBoth();
  for (const char* org_id : {"x'; SET LOCAL marginalia.all_tenants = 'on",
                             "\\'; SET LOCAL marginalia.all_tenants = on; --", "a:b", "on", "*",
                             "seaside' OR 'a' = 'a", "northlight ", "Northlight"}) {
    SCOPED_TRACE(org_id);
    const Tenants tenants = Tenants::One(org_id);
    EXPECT_THAT(OrgsSeenFor(tenants), IsEmpty());
    EXPECT_EQ(writes_.SubmitAndWait(SteadyTime::Never(), tenants,
                                    [&](Connection& connection) {
                                      connection.sql() << "INSERT INTO threads (org_id, invoice_id)"
                                                          " VALUES (:org_id, 'INV-1')",
                                          soci::use(tenants.org_id());
                                      return absl::OkStatus();
                                    }),
              absl::OkStatus());
    EXPECT_THAT(OrgsSeenFor(tenants), ElementsAre(org_id));
  }
}

TEST_F(TenantWallTest, ARoleThatTheWallDoesNotHoldBackIsNoticed) {
  const auto bypasses = [](Database& database) {
    bool bypasses = false;
    EXPECT_EQ(database.Read([&](Connection& connection) {
      bypasses = connection.BypassesTenantWall();
      return absl::OkStatus();
    }),
              absl::OkStatus());
    return bypasses;
  };
  EXPECT_FALSE(bypasses(*database_));
  EXPECT_TRUE(bypasses(*Open(PostgresSuperuserUrl(url_))));
}

}  // namespace
}  // namespace marginalia
