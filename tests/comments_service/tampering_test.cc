// Somebody changes the database itself, one value at a time: VerifyAuditLog must name it. Which
// values there are is asked of the database: whoever adds a column decides whether the record
// covers it. Prints a table: what was changed, by what that was found, and in which words.
#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "marginalia/comments/v1/event.pb.h"
#include "tests/comments_service/service_test.h"
#include "tests/support/await.h"

namespace marginalia {
namespace {

namespace v1 = comments::v1;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// A row to change a value of, or a table to change one of in each of these.
struct Row {
  std::string what;   // "one that was edited"
  std::string where;  // besides the tenant's
  // Of the comment that the finding must name; empty: of none, or of any.
  std::string comment_id = "";
};

// What the record says nothing of, and why that is right. A table without a column is all of them.
const std::map<std::string, std::string>& NotCovered() {
  static const auto& list = *new std::map<std::string, std::string>{
      {"schema_migrations", "what this software has done to the schema"},
      {"relay_position", "how far a broker has been told; it has the events' own numbers"},
      {"change_ids", "by what a repeated call finds its first answer; no entry has such an id"},
      {"read_marks", "how far each reader has read"},
      {"authors", "who there is to be mentioned; made from comments"},
      {"author_keys", "by what authors are searched for; made from their names"},
      {"comment_mentions", "who is to be told of a comment; its words are what was said"},
      {"comments.mentions", "the same, of the comment"},
      {"comment_revisions.mentions", "the same, of a revision"},
      {"event_log.only_row", "there is one, and the database holds to that"},
      {"event_log.log_id", "the log's name, which every kept checkpoint has as well"},
      {"event_log.newest_time", "that no event is stored as older than the one before it"},
      {"event_log.stubs_are_read", "that no replica of an older version is left"},
      {"event_log.head", "raised, whoever reads on finds that events are missing"},
      {"events.event_time", "for how long it is kept; when it happened is in its payload"},
      {"audit_entries.actor_name of an import", "an import commits to its author's name"},
      {"audit_entries.actor_name of an import of an edited one", "the same"},
      {"audit_entries.actor_name of an import of a removed one", "the same"},
      {"audit_entries.actor_name of an import without a text", "the same"},
  };
  return list;
}

class TamperingTest : public ServiceTest {
 protected:
  void SetUp() override {
    ServiceTest::SetUp();
    WriteRecord();
    EXPECT_TRUE(Await([this] { return service().CountRows("audit_tree_nodes") == 1; }));
    columns_ = ReadColumns();
    for (const auto& [table, columns] : columns_) {
      Run({absl::StrCat("CREATE TABLE kept_", table, " AS SELECT * FROM ", table)});
    }
  }

  // All that can happen to comments and threads.
  void WriteRecord() {
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
    erased_ =
        dana.Edit(dana.Post("INV-1", "A number.").comment(), "A number of a card.")->comment();
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

  // What had been changed before it came.
  void ImportChanged() {
    v1::ImportCommentsRequest request;
    request.set_invoice_id("INV-8");
    for (int i = 0; i < 3; ++i) {
      auto& comment = *request.add_comments();
      comment.set_comment_id(NewUuid());
      comment.mutable_author()->set_user_id("old");
      comment.mutable_author()->set_display_name("Old");
      comment.set_body(i == 2 ? "" : "said elsewhere");
      comment.mutable_create_time()->set_seconds(1'600'000'000);
      comment.mutable_edit_time()->set_seconds(1'600'000'001);
      if (i == 0) continue;
      comment.mutable_removal()->mutable_time()->set_seconds(1'600'000'002);
      comment.mutable_removal()->mutable_actor()->set_user_id("boss");
      comment.mutable_removal()->mutable_actor()->set_display_name("Boss");
      comment.mutable_removal()->set_reason("a slip");
    }
    imported_edited_.set_comment_id(request.comments(0).comment_id());
    imported_removed_.set_comment_id(request.comments(1).comment_id());
    imported_removed_.set_revision(1);
    imported_erased_.set_comment_id(request.comments(2).comment_id());
    imported_erased_.set_revision(1);
    request.set_state(v1::THREAD_STATE_RESOLVED);
    request.mutable_state_time()->set_seconds(1'600'000'003);
    request.mutable_state_actor()->set_user_id("closer");
    request.mutable_state_actor()->set_display_name("Closer");
    const auto imported = service().AsService("org").Import(request);
    ASSERT_TRUE(imported.ok()) << imported.status();
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
    imported_.set_comment_id(request.comments(7).comment_id());
    const auto imported = service().AsService("org").Import(request);
    ASSERT_TRUE(imported.ok()) << imported.status();
  }

  bool OnPostgres() const { return GetParam() == DatabaseKind::kPostgres; }

  void Run(const std::vector<std::string>& statements) {
    service().Tamper([&](soci::session& session) {
      for (const std::string& statement : statements) session << statement;
    });
  }

  // The tables with their columns, each with its type, as the database has them.
  std::map<std::string, std::map<std::string, std::string>> ReadColumns() {
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

  v1::VerifyAuditLogResponse Verify() {
    const auto verdict = service().As("org", "alex", "admin").Verify();
    EXPECT_TRUE(verdict.ok()) << verdict.status();
    return verdict.ok() ? *verdict : v1::VerifyAuditLogResponse();
  }

  void PutBack(const std::string& table) {
    Run({absl::StrCat("DELETE FROM ", table),
         absl::StrCat("INSERT INTO ", table, " SELECT * FROM kept_", table)});
  }

  // Runs the statements, verifies, prints what was found, and puts the tables back as they were.
  v1::VerifyAuditLogResponse Found(const std::string& what, const std::vector<std::string>& tables,
                                   const std::vector<std::string>& statements) {
    Run(statements);
    const v1::VerifyAuditLogResponse verdict = Verify();
    Tell(what, verdict);
    EXPECT_FALSE(verdict.intact()) << what;
    EXPECT_NE(verdict.first_broken_what(), "") << what;
    for (const std::string& table : tables) PutBack(table);
    return verdict;
  }

  // One line of the table of what was found.
  void Tell(const std::string& what, const v1::VerifyAuditLogResponse& verdict) const {
    const std::string found =
        verdict.intact()
            ? "NOT FOUND"
            : absl::StrCat("VerifyAuditLog: number ", verdict.first_broken_number(), ": the ",
                           verdict.first_broken_comment_id().empty() ? "entry " : "comment ",
                           verdict.first_broken_what());
    std::printf("%-11s%-64s%s\n", OnPostgres() ? "PostgreSQL" : "SQLite", what.c_str(),
                found.c_str());
  }

  std::string PlaceOf(const v1::Comment& comment) const {
    return absl::StrCat(
        "(SELECT position FROM kept_comments WHERE org_id = 'org'"
        " AND comment_id = '",
        comment.comment_id(), "')");
  }

  std::vector<Row> RowsOf(const std::string& table) const {
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
    std::vector<Row> rows;
    if (table == "comments" || table == "thread_comments" || table == "comment_ids") {
      for (const auto& [what, comment] : comments) {
        rows.push_back({what, absl::StrCat("position = ", PlaceOf(comment)), comment.comment_id()});
      }
    } else if (table == "comment_revisions") {
      for (const auto& [what, comment] : comments) {
        if (what == "one that never changed") continue;
        for (int revision = 1; revision <= comment.revision(); ++revision) {
          rows.push_back(
              {absl::StrCat("revision ", revision, " of ", what),
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

  // Another value of the column.
  std::string Changed(const std::string& table, const std::string& column) const {
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

  std::string OfTenant(const std::string& table, const std::string& where) const {
    return columns_.at(table).contains("org_id") ? absl::StrCat(" WHERE org_id = 'org' AND ", where)
                                                 : absl::StrCat(" WHERE ", where);
  }

  // Of a payload in hexadecimal digits.
  void ChangeEachByteOf(const Row& row, const std::string& stored) {
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

  v1::Comment unchanged_;
  v1::Comment edited_;
  v1::Comment removed_;
  v1::Comment removed_erased_;
  v1::Comment erased_;
  v1::Comment imported_;
  v1::Comment imported_edited_;
  v1::Comment imported_removed_;
  v1::Comment imported_erased_;
  std::map<std::string, std::map<std::string, std::string>> columns_;
};
INSTANTIATE_ON_EVERY_DATABASE(TamperingTest);

TEST_P(TamperingTest, AStoredCommentThatSaysSomethingElseIsNamed) {
  ASSERT_TRUE(Verify().intact()) << Verify().DebugString();
  const v1::VerifyAuditLogResponse verdict =
      Found("a text", {"comments"},
            {absl::StrCat("UPDATE comments SET body = 'Paid in full, thanks.'",
                          OfTenant("comments", "position = " + PlaceOf(unchanged_)))});
  EXPECT_EQ(verdict.first_broken_number(), 1);
  EXPECT_EQ(verdict.first_broken_comment_id(), unchanged_.comment_id());
  EXPECT_EQ(verdict.first_broken_what(), "does not say what its entry committed to");
  EXPECT_TRUE(Verify().intact());
}

TEST_P(TamperingTest, EveryValueOfEveryColumnThatIsChangedIsFound) {
  ASSERT_TRUE(Verify().intact()) << Verify().DebugString();
  for (const auto& [table, columns] : columns_) {
    if (NotCovered().contains(table)) continue;
    const std::vector<Row> rows = RowsOf(table);
    EXPECT_FALSE(rows.empty()) << "decide whether the record covers " << table
                               << ", and name it in RowsOf or in NotCovered";
    for (const auto& [column, type] : columns) {
      if (NotCovered().contains(absl::StrCat(table, ".", column))) continue;
      for (const Row& row : rows) {
        const std::string what = absl::StrCat(table, ".", column, " of ", row.what);
        if (NotCovered().contains(what)) continue;
        const v1::VerifyAuditLogResponse verdict =
            Found(what, {table},
                  {absl::StrCat("UPDATE ", table, " SET ", column, " = ", Changed(table, column),
                                OfTenant(table, row.where))});
        const bool key = column == "org_id" || column == "position" || column == "comment_id";
        if (!row.comment_id.empty() && !key) {
          EXPECT_EQ(verdict.first_broken_comment_id(), row.comment_id) << what;
          EXPECT_GT(verdict.first_broken_number(), 0) << what;
        }
      }
    }
  }
  EXPECT_TRUE(Verify().intact());
}

// The columns that are named as not covered are there: the list does not outlive them.
TEST_P(TamperingTest, WhatIsNotCoveredIsThere) {
  for (const auto& [name, why] : NotCovered()) {
    const std::string column = name.substr(0, name.find(' '));
    const std::size_t dot = column.find('.');
    const std::string table = column.substr(0, dot);
    EXPECT_TRUE(columns_.contains(table)) << name;
    if (dot != std::string::npos) {
      EXPECT_TRUE(columns_[table].contains(column.substr(dot + 1))) << name;
    }
    std::printf("%-11s%-64snot covered: %s\n", OnPostgres() ? "PostgreSQL" : "SQLite", name.c_str(),
                why.c_str());
  }
}

// Calls `visit` with a copy of `whole` for each of its values, in which that one is another.
void ForEachChange(
    const Message& whole, Message& part, const Message& place, const std::string& path,
    const std::function<void(const std::string& path, const Message& changed)>& visit) {
  std::vector<const FieldDescriptor*> fields;
  place.GetReflection()->ListFields(place, &fields);
  for (const FieldDescriptor* field : fields) {
    const std::string name = absl::StrCat(path, path.empty() ? "" : ".", field->name());
    const auto* reflection = part.GetReflection();
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      Message* const inner = reflection->MutableMessage(&part, field);
      const std::unique_ptr<Message> before(inner->New());
      before->CopyFrom(*inner);
      ForEachChange(whole, *inner, *before, name, visit);
      continue;
    }
    const std::unique_ptr<Message> before(part.New());
    before->CopyFrom(part);
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_STRING:
        reflection->SetString(&part, field, reflection->GetString(part, field) + "x");
        break;
      case FieldDescriptor::CPPTYPE_INT64:
        reflection->SetInt64(&part, field, reflection->GetInt64(part, field) + 1);
        break;
      case FieldDescriptor::CPPTYPE_INT32:
        reflection->SetInt32(&part, field,
                             (reflection->GetInt32(part, field) + 1000) % 999'999'000);
        break;
      case FieldDescriptor::CPPTYPE_BOOL:
        reflection->SetBool(&part, field, !reflection->GetBool(part, field));
        break;
      case FieldDescriptor::CPPTYPE_ENUM:
        reflection->SetEnumValue(&part, field, 3 - reflection->GetEnumValue(part, field));
        break;
      default:
        ADD_FAILURE() << "cannot change " << name;
    }
    visit(name, whole);
    part.CopyFrom(*before);
  }
}

TEST_P(TamperingTest, EveryValueThatARetainedEventTellsIsFound) {
  ASSERT_TRUE(Verify().intact()) << Verify().DebugString();
  for (const Row& row : RowsOf("events")) {
    std::string stored;
    service().Tamper([&](soci::session& session) {
      session << absl::StrCat("SELECT ", OnPostgres() ? "encode(payload, 'hex')" : "hex(payload)",
                              " FROM events", OfTenant("events", row.where)),
          soci::into(stored);
    });
    v1::Event event;
    if (!event.ParseFromString(absl::HexStringToBytes(stored))) {
      // It leaves the rest to its comment.
      ChangeEachByteOf(row, stored);
      continue;
    }
    v1::Event changed = event;
    ForEachChange(changed, changed, event, "", [&](const std::string& path, const Message& whole) {
      const std::string hex = absl::BytesToHexString(whole.SerializeAsString());
      Found(absl::StrCat("the event of ", row.what, ": ", path), {"events"},
            {absl::StrCat("UPDATE events SET payload = ",
                          OnPostgres() ? absl::StrCat("decode('", hex, "', 'hex')")
                                       : absl::StrCat("x'", hex, "'"),
                          OfTenant("events", row.where))});
    });
  }
  EXPECT_TRUE(Verify().intact());
}

TEST_P(TamperingTest, ARowThatIsDeletedIsFound) {
  ASSERT_TRUE(Verify().intact()) << Verify().DebugString();
  for (const auto& [table, columns] : columns_) {
    if (NotCovered().contains(table) || table == "event_log") continue;
    for (const Row& row : RowsOf(table)) {
      // A thread that only has comments is known by them.
      Found(absl::StrCat("the row of ", row.what, " in ", table, " deleted"), {table},
            {absl::StrCat("DELETE FROM ", table, OfTenant(table, row.where))});
    }
  }
  const std::string place = " = " + PlaceOf(edited_);
  std::vector<std::string> all;
  for (const char* table :
       {"comments", "thread_comments", "comment_ids", "comment_revisions", "audit_entries"}) {
    all.push_back(absl::StrCat("DELETE FROM ", table, " WHERE org_id = 'org' AND position", place));
  }
  Found("a comment deleted with all that belongs to it",
        {"comments", "thread_comments", "comment_ids", "comment_revisions", "audit_entries"}, all);
  EXPECT_TRUE(Verify().intact());
}

// A second row like one that is there, under another key.
TEST_P(TamperingTest, ARowThatNoEntryTellsOfIsFound) {
  ASSERT_TRUE(Verify().intact()) << Verify().DebugString();
  const std::map<std::string, std::string> keys = {
      {"comments", "position"},  {"thread_comments", "sequence"},
      {"comment_ids", "id_low"}, {"comment_revisions", "revision"},
      {"threads", "invoice_id"}, {"audit_entries", "position"},
      {"events", "position"},    {"audit_tree_nodes", "node_index"}};
  for (const auto& [table, key] : keys) {
    for (const Row& row : RowsOf(table)) {
      std::string values;
      for (const auto& [column, type] : columns_[table]) {
        absl::StrAppend(&values, values.empty() ? "" : ", ",
                        column == key ? Changed(table, column) : column);
      }
      std::string names;
      for (const auto& [column, type] : columns_[table]) {
        absl::StrAppend(&names, names.empty() ? "" : ", ", column);
      }
      Found(absl::StrCat("a row like that of ", row.what, " added to ", table), {table},
            {absl::StrCat("INSERT INTO ", table, " (", names, ") SELECT ", values, " FROM ", table,
                          OfTenant(table, row.where))});
    }
  }
  EXPECT_TRUE(Verify().intact());
}

TEST_P(TamperingTest, WhatIsSwappedCutOffOrRolledBackIsFound) {
  ASSERT_TRUE(Verify().intact()) << Verify().DebugString();
  const auto swap = [](const std::string& table, const std::string& column,
                       const std::string& where, const std::string& first,
                       const std::string& second) {
    const std::string set = absl::StrCat("UPDATE ", table, " SET ", column, " = ");
    const std::string in = absl::StrCat(" WHERE org_id = 'org'", where, " AND ", column, " = ");
    return std::vector<std::string>{absl::StrCat(set, "-3", in, first),
                                    absl::StrCat(set, first, in, second),
                                    absl::StrCat(set, second, in, "-3")};
  };
  const std::string one = PlaceOf(unchanged_);
  const std::string other = PlaceOf(edited_);
  Found("two entries swapped", {"audit_entries"},
        swap("audit_entries", "position", "", one, other));
  Found("two comments swapped", {"comments"}, swap("comments", "position", "", one, other));
  Found("two ids swapped", {"comment_ids"}, swap("comment_ids", "position", "", one, other));
  Found("two revisions swapped", {"comment_revisions"},
        swap("comment_revisions", "revision", " AND position = " + other, "2", "3"));
  const std::string thread = " AND invoice_id = 'INV-1'";
  std::vector<std::string> order = swap("comments", "sequence", thread, "1", "2");
  for (std::string& step : swap("thread_comments", "sequence", thread, "1", "2")) {
    order.push_back(std::move(step));
  }
  Found("two comments' places in the thread swapped", {"comments", "thread_comments"}, order);
  Found("an edit rolled back, with its salt", {"comments"},
        {absl::StrCat("UPDATE comments SET revision = 2, change_position = r.event_position,"
                      " edit_time = r.revision_time, body = r.body, body_salt = r.body_salt"
                      " FROM comment_revisions r WHERE r.org_id = comments.org_id"
                      " AND r.position = comments.position AND r.revision = 2"
                      " AND comments.org_id = 'org' AND comments.position = ",
                      other)});
  const std::string tail =
      " WHERE org_id = 'org' AND position > (SELECT max(position) - 5"
      " FROM kept_audit_entries WHERE org_id = 'org')";
  std::vector<std::string> cut = {"DELETE FROM audit_entries" + tail};
  Found("the tail of the entries cut off", {"audit_entries"}, cut);
  for (const char* table : {"comments", "thread_comments", "comment_ids", "events"}) {
    cut.push_back(absl::StrCat("DELETE FROM ", table, tail));
  }
  Found("the tail cut off with its comments and events",
        {"audit_entries", "comments", "thread_comments", "comment_ids", "events"}, cut);
  EXPECT_TRUE(Verify().intact());
}

// Nothing inside an older database says that there is a newer one: whoever kept a receipt or a
// checkpoint knows.
TEST_P(TamperingTest, AnOlderDatabaseIsFoundByWhoeverKeptAReceipt) {
  ASSERT_TRUE(Verify().intact()) << Verify().DebugString();
  const std::int64_t before = Verify().entry_count();
  const auto later = service().As("org", "dana").Post("INV-1", "Paid in full, thanks.");
  const std::int64_t number = later.receipt().number();
  ASSERT_EQ(number, before + 1);
  EXPECT_TRUE(service().As("org", "alex", "admin").GetInclusionProof(number).ok());
  std::vector<std::string> restored;
  for (const auto& [table, columns] : columns_) {
    if (table == "schema_migrations") continue;
    restored.push_back(absl::StrCat("DELETE FROM ", table));
    restored.push_back(absl::StrCat("INSERT INTO ", table, " SELECT * FROM kept_", table));
  }
  Run(restored);
  // Running over it, the service would notice that its log has lost its end.
  Start();
  EXPECT_TRUE(Verify().intact());
  EXPECT_EQ(Verify().entry_count(), before);
  const auto proof = service().As("org", "alex", "admin").GetInclusionProof(number);
  EXPECT_EQ(Reason(proof), "TREE_TOO_SMALL");
  std::printf("%-11s%-64sa kept receipt: no proof that number %lld is in the tree: %s\n",
              OnPostgres() ? "PostgreSQL" : "SQLite", "all tables put back as they were earlier",
              static_cast<long long>(number), Reason(proof).c_str());
}

}  // namespace
}  // namespace marginalia
