// Somebody changes the database itself, one value at a time: VerifyAuditLog must name it.
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/comments_service/service_test.h"
#include "tests/support/await.h"

namespace marginalia {
namespace {

namespace v1 = comments::v1;

constexpr char kOrg[] = "org_id = 'org'";

// How a value is changed, by what its column holds.
enum class Holds { kText, kNumber, kBytes };

struct Column {
  const char* table;
  const char* name;
  Holds holds;
  // Which row, besides the tenant's.
  const char* row;
};

constexpr Column kColumns[] = {
    {"comments", "position", Holds::kNumber, "position = 605"},
    {"comments", "invoice_id", Holds::kText, "position = 3"},
    {"comments", "sequence", Holds::kNumber, "position = 3"},
    {"comments", "comment_id", Holds::kText, "position = 3"},
    {"comments", "author_id", Holds::kText, "position = 3"},
    {"comments", "author_name", Holds::kText, "position = 3"},
    {"comments", "body", Holds::kText, "position = 3"},
    {"comments", "body_salt", Holds::kBytes, "position = 3"},
    {"comments", "create_time", Holds::kNumber, "position = 3"},
    {"comments", "revision", Holds::kNumber, "position = 3"},
    {"comments", "edit_time", Holds::kNumber, "position = 3"},
    {"comments", "removal_time", Holds::kNumber, "position = 3"},
    {"comments", "remover_id", Holds::kText, "position = 3"},
    {"comments", "remover_name", Holds::kText, "position = 3"},
    {"comments", "removal_reason", Holds::kText, "position = 3"},
    {"comments", "erased", Holds::kNumber, "position = 3"},
    {"comments", "change_position", Holds::kNumber, "position = 3"},
    // An imported one's author and time are not its entry's own.
    {"comments", "author_id", Holds::kText, "position = 100"},
    {"comments", "author_name", Holds::kText, "position = 100"},
    {"comments", "body", Holds::kText, "position = 100"},
    {"comments", "create_time", Holds::kNumber, "position = 100"},
    {"thread_comments", "invoice_id", Holds::kText, "position = 3"},
    {"thread_comments", "sequence", Holds::kNumber, "position = 5"},
    {"thread_comments", "position", Holds::kNumber, "position = 3"},
    {"audit_entries", "position", Holds::kNumber, "position = 605"},
    {"audit_entries", "actor_id", Holds::kText, "position = 3"},
    {"audit_entries", "actor_name", Holds::kText, "position = 3"},
    {"audit_entries", "action", Holds::kText, "position = 3"},
    {"audit_entries", "invoice_id", Holds::kText, "position = 3"},
    {"audit_entries", "comment_id", Holds::kText, "position = 3"},
    {"audit_entries", "request_id", Holds::kText, "position = 3"},
    {"audit_entries", "create_time", Holds::kNumber, "position = 3"},
    {"audit_entries", "hash", Holds::kText, "position = 3"},
    {"audit_entries", "format", Holds::kNumber, "position = 3"},
    {"audit_entries", "number", Holds::kNumber, "position = 3"},
    {"audit_entries", "name_salt", Holds::kBytes, "position = 3"},
    {"audit_entries", "name_commitment", Holds::kBytes, "position = 3"},
    {"audit_entries", "revision", Holds::kNumber, "position = 3"},
    {"audit_entries", "content_commitment", Holds::kBytes, "position = 3"},
    {"audit_entries", "reason", Holds::kText, "position = 3"},
    {"audit_heads", "entry_count", Holds::kNumber, "1 = 1"},
    {"audit_heads", "change_count", Holds::kNumber, "1 = 1"},
    {"audit_heads", "position", Holds::kNumber, "1 = 1"},
    {"audit_heads", "hash", Holds::kText, "1 = 1"},
    {"audit_tree_nodes", "level", Holds::kNumber, "node_index = 0"},
    {"audit_tree_nodes", "node_index", Holds::kNumber, "node_index = 1"},
    {"audit_tree_nodes", "hash", Holds::kBytes, "node_index = 0"},
    {"audit_tree_nodes", "position", Holds::kNumber, "node_index = 0"},
    {"audit_trees", "leaf_count", Holds::kNumber, "1 = 1"},
    {"audit_trees", "position", Holds::kNumber, "1 = 1"},
};

constexpr const char* kTables[] = {"comments",    "thread_comments",  "audit_entries",
                                   "audit_heads", "audit_tree_nodes", "audit_trees"};

class TamperingTest : public ServiceTest {
 protected:
  void SetUp() override {
    ServiceTest::SetUp();
    // Positions 1 to 5, then 6 to 605.
    for (const char* user : {"dana", "priya", "dana", "dana", "priya"}) {
      service().As("org", user).Post("INV-1", "Is this paid?");
    }
    Import(300);
    Import(300);
    EXPECT_TRUE(Await([this] { return service().CountRows("audit_tree_nodes") == 2; }));
    for (const char* table : kTables) {
      service().Tamper([&](soci::session& session) {
        session << absl::StrCat("CREATE TABLE kept_", table, " AS SELECT * FROM ", table);
      });
    }
  }

  void Import(int count) {
    v1::ImportCommentsRequest request;
    request.set_invoice_id("INV-9");
    for (int i = 0; i < count; ++i) {
      auto& comment = *request.add_comments();
      comment.set_comment_id(NewUuid());
      comment.mutable_author()->set_user_id("old");
      comment.mutable_author()->set_display_name("Old");
      comment.set_body("imported");
      comment.mutable_create_time()->set_seconds(1'600'000'000);
    }
    const auto imported = service().AsService("org").Import(request);
    ASSERT_TRUE(imported.ok()) << imported.status();
  }

  v1::VerifyAuditLogResponse Verify() {
    const auto verdict = service().As("org", "alex", "admin").Verify();
    EXPECT_TRUE(verdict.ok()) << verdict.status();
    return verdict.ok() ? *verdict : v1::VerifyAuditLogResponse();
  }

  // Runs the statements, verifies, and puts everything back as it was.
  v1::VerifyAuditLogResponse VerdictAfter(const std::vector<std::string>& statements) {
    service().Tamper([&](soci::session& session) {
      for (const std::string& statement : statements) session << statement;
    });
    const v1::VerifyAuditLogResponse verdict = Verify();
    service().Tamper([&](soci::session& session) {
      for (const char* table : kTables) {
        session << absl::StrCat("DELETE FROM ", table);
        session << absl::StrCat("INSERT INTO ", table, " SELECT * FROM kept_", table);
      }
    });
    return verdict;
  }

  std::string Changed(const Column& column) const {
    switch (column.holds) {
      case Holds::kText:
        return absl::StrCat(column.name, " || 'x'");
      case Holds::kNumber:
        return absl::StrCat(column.name, " + 1");
      case Holds::kBytes:
        break;
    }
    return GetParam() == DatabaseKind::kPostgres ? "decode('00ff', 'hex')" : "x'00ff'";
  }

  // One line of the table of what was found.
  void Tell(const std::string& what, const v1::VerifyAuditLogResponse& verdict) const {
    std::printf("%-12s%-44s%s position %lld, number %lld, comment %s: %s\n",
                GetParam() == DatabaseKind::kPostgres ? "PostgreSQL" : "SQLite", what.c_str(),
                verdict.intact() ? "NOT FOUND" : "found at",
                static_cast<long long>(verdict.first_broken_position()),
                static_cast<long long>(verdict.first_broken_number()),
                verdict.first_broken_comment_id().c_str(), verdict.first_broken_what().c_str());
  }
};
INSTANTIATE_ON_EVERY_DATABASE(TamperingTest);

TEST_P(TamperingTest, AStoredCommentThatSaysSomethingElseIsNamed) {
  ASSERT_TRUE(Verify().intact());
  const auto comment = service().As("org", "dana").List("INV-1")->comments(2);
  const v1::VerifyAuditLogResponse verdict = VerdictAfter(
      {"UPDATE comments SET body = 'Paid in full, thanks.' WHERE org_id = 'org' AND position = 3"});
  Tell("body of a stored comment", verdict);
  EXPECT_FALSE(verdict.intact());
  EXPECT_EQ(verdict.first_broken_position(), 3);
  EXPECT_EQ(verdict.first_broken_number(), 3);
  EXPECT_EQ(verdict.first_broken_comment_id(), comment.comment_id());
  EXPECT_EQ(verdict.first_broken_what(), "does not say what its entry committed to");
  EXPECT_TRUE(Verify().intact());
}

TEST_P(TamperingTest, AnyValueThatIsChangedIsFound) {
  ASSERT_TRUE(Verify().intact());
  for (const Column& column : kColumns) {
    const v1::VerifyAuditLogResponse verdict =
        VerdictAfter({absl::StrCat("UPDATE ", column.table, " SET ", column.name, " = ",
                                   Changed(column), " WHERE ", kOrg, " AND ", column.row)});
    Tell(absl::StrCat(column.table, ".", column.name), verdict);
    EXPECT_FALSE(verdict.intact()) << column.table << "." << column.name;
    EXPECT_NE(verdict.first_broken_what(), "") << column.table << "." << column.name;
  }
  EXPECT_TRUE(Verify().intact());
}

TEST_P(TamperingTest, WhatIsDeletedSwappedCutOffOrRolledBackIsFound) {
  ASSERT_TRUE(Verify().intact());
  const auto expect_found = [this](const char* what, const std::vector<std::string>& statements) {
    const v1::VerifyAuditLogResponse verdict = VerdictAfter(statements);
    Tell(what, verdict);
    EXPECT_FALSE(verdict.intact()) << what;
  };
  for (const char* table : {"comments", "thread_comments", "audit_entries"}) {
    expect_found(absl::StrCat("a row of ", table, " deleted").c_str(),
                 {absl::StrCat("DELETE FROM ", table, " WHERE ", kOrg, " AND position = 3")});
  }
  expect_found("a comment deleted with its entry",
               {"DELETE FROM comments WHERE org_id = 'org' AND position = 3",
                "DELETE FROM thread_comments WHERE org_id = 'org' AND position = 3",
                "DELETE FROM audit_entries WHERE org_id = 'org' AND position = 3"});
  expect_found("the head deleted", {"DELETE FROM audit_heads WHERE org_id = 'org'"});
  expect_found("a node of the tree deleted", {"DELETE FROM audit_tree_nodes WHERE node_index = 0"});
  const auto swap = [](const std::string& table, const std::string& column) {
    const std::string set = absl::StrCat("UPDATE ", table, " SET ", column, " = ");
    return std::vector<std::string>{
        absl::StrCat(set, "-3 WHERE org_id = 'org' AND ", column, " = 3"),
        absl::StrCat(set, "3 WHERE org_id = 'org' AND ", column, " = 4"),
        absl::StrCat(set, "4 WHERE org_id = 'org' AND ", column, " = -3")};
  };
  expect_found("two entries swapped", swap("audit_entries", "position"));
  expect_found("two comments swapped", swap("comments", "position"));
  // Their places in the thread, wherever they stand.
  const std::string places = " WHERE org_id = 'org' AND invoice_id = 'INV-1' AND ";
  std::vector<std::string> order;
  for (const char* table : {"comments", "thread_comments"}) {
    for (const char* step : {"-3:sequence = 3", "3:sequence = 4", "4:sequence = -3"}) {
      const std::string text = step;
      const std::size_t colon = text.find(':');
      order.push_back(absl::StrCat("UPDATE ", table, " SET sequence = ", text.substr(0, colon),
                                   places, text.substr(colon + 1)));
    }
  }
  expect_found("two comments' places in the thread swapped", order);
  expect_found("the tail of the entries cut off",
               {"DELETE FROM audit_entries WHERE org_id = 'org' AND position > 600"});
  expect_found("the tail cut off with its comments",
               {"DELETE FROM audit_entries WHERE org_id = 'org' AND position > 600",
                "DELETE FROM comments WHERE org_id = 'org' AND position > 600",
                "DELETE FROM thread_comments WHERE org_id = 'org' AND position > 600"});
  EXPECT_TRUE(Verify().intact());
}

}  // namespace
}  // namespace marginalia
