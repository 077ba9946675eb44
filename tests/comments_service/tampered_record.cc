#include "tests/comments_service/tampered_record.h"

#include <cstdio>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "tests/comments_service/imports.h"
#include "tests/support/await.h"

namespace marginalia {

namespace v1 = comments::v1;

void TamperedRecord::SetUp() {
  ServiceTest::SetUp();
  WriteRecord();
  EXPECT_TRUE(Await([this] { return service().CountRows("audit_tree_nodes") == 1; }));
  columns_ = ReadColumns();
  for (const auto& [table, columns] : columns_) {
    Run({absl::StrCat("CREATE TABLE kept_", table, " AS SELECT * FROM ", table)});
  }
}

void TamperedRecord::WriteRecord() {
  const Client dana = service().As("org", "dana");
  const Client alex = service().As("org", "alex", "admin");
  unchanged_ = dana.Post("INV-1", "Is this paid?").comment();
  service().As("rival", "mallory").Post("INV-1", "theirs");
  edited_ = dana.Post("INV-1", "The first price.").comment();
  edited_ = dana.Edit(edited_, "The second price.")->comment();
  removed_ = dana.Post("INV-1", "Taken back.").comment();
  edited_ = dana.Edit(edited_, "The third price.")->comment();
  EXPECT_TRUE(alex.Remove(removed_, "a slip").ok());
  removed_erased_ = dana.Post("INV-1", "Somebody's address.").comment();
  EXPECT_TRUE(dana.Remove(removed_erased_, "not for here").ok());
  EXPECT_TRUE(alex.Erase(removed_erased_, "asked for").ok());
  erased_ = dana.Edit(dana.Post("INV-1", "A number.").comment(), "A number of a card.")->comment();
  EXPECT_TRUE(alex.Erase(erased_, "asked for, too").ok());
  EXPECT_TRUE(dana.Resolve("INV-1", "", "Settled, then.").ok());
  service().As("rival", "mallory").Post("INV-1", "theirs, too");
  EXPECT_TRUE(alex.Reopen("INV-1").ok());
  dana.Post("INV-1", "Not yet.");
  dana.Post("INV-2", "And this one?");
  EXPECT_TRUE(dana.Resolve("INV-2").ok());
  EXPECT_TRUE(dana.Resolve("INV-3").ok());
  ImportChanged();
  Import(150);
  Import(120);
}

void TamperedRecord::ImportChanged() {
  v1::ImportCommentsRequest request;
  request.set_invoice_id("INV-8");
  for (int i = 0; i < 3; ++i) {
    v1::ImportedComment& comment = AddImported(request, i == 2 ? "" : "said elsewhere");
    comment.mutable_edit_time()->set_seconds(kImportedAtSeconds + 10);
    if (i == 0) continue;
    SetRemoved(comment, kImportedAtSeconds + 20);
  }
  imported_edited_.set_comment_id(request.comments(0).comment_id());
  imported_removed_.set_comment_id(request.comments(1).comment_id());
  imported_removed_.set_revision(1);
  imported_erased_.set_comment_id(request.comments(2).comment_id());
  imported_erased_.set_revision(1);
  SetResolved(request, kImportedAtSeconds + 30);
  const auto imported = service().AsService("org").Import(request);
  ASSERT_TRUE(imported.ok()) << imported.status();
}

void TamperedRecord::Import(int count) {
  const v1::ImportCommentsRequest request = ImportOf("INV-9", count);
  imported_.set_comment_id(request.comments(7).comment_id());
  const auto imported = service().AsService("org").Import(request);
  ASSERT_TRUE(imported.ok()) << imported.status();
}

bool TamperedRecord::OnPostgres() const { return GetParam() == DatabaseKind::kPostgres; }

void TamperedRecord::Run(const std::vector<std::string>& statements) {
  service().Tamper([&](soci::session& session) {
    for (const std::string& statement : statements) session << statement;
  });
}

std::map<std::string, std::map<std::string, std::string>> TamperedRecord::ReadColumns() {
  std::map<std::string, std::map<std::string, std::string>> columns;
  service().Tamper([&](soci::session& session) {
    const soci::rowset<soci::row> rows =
        (session.prepare << (OnPostgres()
                                 ? "SELECT table_name::text, column_name::text, data_type::text"
                                   " FROM information_schema.columns"
                                   " WHERE table_schema = current_schema()"
                                 : "SELECT m.name, p.name, p.type FROM sqlite_master m,"
                                   " pragma_table_info(m.name) p WHERE m.type = 'table'"));
    for (const soci::row& row : rows) {
      columns[row.get<std::string>(0)][row.get<std::string>(1)] = row.get<std::string>(2);
    }
  });
  return columns;
}

v1::VerifyAuditLogResponse TamperedRecord::Verify() {
  const auto verdict = service().As("org", "alex", "admin").Verify();
  EXPECT_TRUE(verdict.ok()) << verdict.status();
  return verdict.ok() ? *verdict : v1::VerifyAuditLogResponse();
}

void TamperedRecord::PutBack(const std::string& table) {
  Run({absl::StrCat("DELETE FROM ", table),
       absl::StrCat("INSERT INTO ", table, " SELECT * FROM kept_", table)});
}

v1::VerifyAuditLogResponse TamperedRecord::Found(const std::string& what,
                                                 const std::vector<std::string>& tables,
                                                 const std::vector<std::string>& statements) {
  Run(statements);
  const v1::VerifyAuditLogResponse verdict = Verify();
  Tell(what, verdict);
  EXPECT_FALSE(verdict.intact()) << what;
  EXPECT_NE(verdict.first_broken_what(), "") << what;
  for (const std::string& table : tables) PutBack(table);
  return verdict;
}

void TamperedRecord::Tell(const std::string& what,
                          const v1::VerifyAuditLogResponse& verdict) const {
  const std::string found =
      verdict.intact()
          ? "NOT FOUND"
          : absl::StrCat("VerifyAuditLog: number ", verdict.first_broken_number(), ": the ",
                         verdict.first_broken_comment_id().empty() ? "entry " : "comment ",
                         verdict.first_broken_what());
  std::printf("%-11s%-64s%s\n", OnPostgres() ? "PostgreSQL" : "SQLite", what.c_str(),
              found.c_str());
}

std::string TamperedRecord::PlaceOf(const v1::Comment& comment) const {
  return absl::StrCat(
      "(SELECT position FROM kept_comments WHERE org_id = 'org'"
      " AND comment_id = '",
      comment.comment_id(), "')");
}

std::vector<TamperedRow> TamperedRecord::RowsOf(const std::string& table) const {
  const std::vector<std::pair<std::string, v1::Comment>> comments = {
      {"one that never changed", unchanged_},
      {"one that was edited", edited_},
      {"a removed one", removed_},
      {"a removed and erased one", removed_erased_},
      {"an erased one", erased_},
      {"an imported one", imported_},
      {"one imported as edited", imported_edited_},
      {"one imported as removed", imported_removed_},
      {"one imported without its text", imported_erased_}};
  std::vector<TamperedRow> rows;
  if (table == "comments" || table == "thread_comments" || table == "comment_ids") {
    for (const auto& [what, comment] : comments) {
      rows.push_back({what, absl::StrCat("position = ", PlaceOf(comment)), comment.comment_id()});
    }
  } else if (table == "comment_revisions") {
    for (const auto& [what, comment] : comments) {
      if (what == "one that never changed") continue;
      for (int revision = 1; revision <= comment.revision(); ++revision) {
        rows.push_back({absl::StrCat("revision ", revision, " of ", what),
                        absl::StrCat("position = ", PlaceOf(comment), " AND revision = ", revision),
                        comment.comment_id()});
      }
    }
  } else if (table == "threads") {
    for (const char* invoice : {"INV-1", "INV-2", "INV-3", "INV-8", "INV-9"}) {
      rows.push_back({invoice, absl::StrCat("invoice_id = '", invoice, "'")});
    }
  } else if (table == "audit_entries" || table == "events") {
    const std::vector<std::pair<const char*, const char*>> actions = {
        {"comment.added", "an addition"},    {"comment.edited", "an edit"},
        {"comment.removed", "a removal"},    {"comment.erased", "an erasure"},
        {"thread.resolved", "a resolution"}, {"thread.reopened", "a reopening"}};
    for (const auto& [action, what] : actions) {
      rows.push_back({what, absl::StrCat("position = (SELECT min(position) FROM"
                                         " kept_audit_entries WHERE org_id = 'org'"
                                         " AND action = '",
                                         action, "')")});
    }
    const std::vector<std::pair<const char*, const v1::Comment*>> imports = {
        {"an import", &imported_},
        {"an import of an edited one", &imported_edited_},
        {"an import of a removed one", &imported_removed_},
        {"an import without a text", &imported_erased_}};
    for (const auto& [what, comment] : imports) {
      rows.push_back({what, absl::StrCat("position = ", PlaceOf(*comment))});
    }
    rows.push_back({"an imported closing",
                    "position = (SELECT max(position) FROM kept_audit_entries"
                    " WHERE org_id = 'org' AND action = 'thread.resolved')"});
  } else if (table == "audit_tree_nodes") {
    rows.push_back({"the first", "node_index = 0"});
  } else if (table == "event_log") {
    rows.push_back({"all", "1 = 1"});
  } else if (table == "audit_heads" || table == "audit_trees") {
    rows.push_back({"the tenant", "1 = 1"});
  }
  return rows;
}

std::string TamperedRecord::Changed(const std::string& table, const std::string& column) const {
  const std::string& type = columns_.at(table).at(column);
  if (type == "TEXT" || type == "text") return absl::StrCat(column, " || 'x'");
  if (type == "BLOB" || type == "bytea") {
    return OnPostgres() ? absl::StrCat("decode('0a', 'hex') || ", column)
                        : absl::StrCat("x'0a' || ", column);
  }
  // Far enough for a key.
  const bool key = column == "position" || column == "sequence" || column == "node_index" ||
                   (table == "comment_revisions" && column == "revision");
  return absl::StrCat(column, key ? " + 1000000" : " + 1");
}

std::string TamperedRecord::OfTenant(const std::string& table, const std::string& where) const {
  return columns_.at(table).contains("org_id") ? absl::StrCat(" WHERE org_id = 'org' AND ", where)
                                               : absl::StrCat(" WHERE ", where);
}

void TamperedRecord::ChangeEachByteOf(const TamperedRow& row, const std::string& stored) {
  const std::string bytes = absl::HexStringToBytes(stored);
  // Its seventh number is when it happened, which no entry says.
  int numbers = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const bool ends_a_number = (bytes[i] & 0x80) == 0;
    const bool is_the_time = numbers == 6;
    if (ends_a_number) ++numbers;
    if (is_the_time) continue;
    std::string changed = bytes;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    const std::string hex = absl::BytesToHexString(changed);
    Found(absl::StrCat("byte ", i, " of the event of ", row.what), {"events"},
          {absl::StrCat("UPDATE events SET payload = ",
                        OnPostgres() ? absl::StrCat("decode('", hex, "', 'hex')")
                                     : absl::StrCat("x'", hex, "'"),
                        OfTenant("events", row.where))});
  }
}

}  // namespace marginalia
