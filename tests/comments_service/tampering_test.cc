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
#include "tests/comments_service/tampered_record.h"

namespace marginalia {
namespace {

namespace v1 = comments::v1;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

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

class TamperingTest : public TamperedRecord {};
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
    const std::vector<TamperedRow> rows = RowsOf(table);
    EXPECT_FALSE(rows.empty()) << "decide whether the record covers " << table
                               << ", and name it in RowsOf or in NotCovered";
    for (const auto& [column, type] : columns) {
      if (NotCovered().contains(absl::StrCat(table, ".", column))) continue;
      for (const TamperedRow& row : rows) {
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
  for (const TamperedRow& row : RowsOf("events")) {
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
    for (const TamperedRow& row : RowsOf(table)) {
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
    for (const TamperedRow& row : RowsOf(table)) {
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

// Where nothing is ever written: entries, positions and revisions are counted from 1 on.
TEST_P(TamperingTest, ARowBeforeTheFirstIsFound) {
  ASSERT_TRUE(Verify().intact()) << Verify().DebugString();
  // A row as that of `from`, with other values of some columns.
  const auto insert = [this](const std::string& table, const std::string& from,
                             const std::map<std::string, std::string>& others) {
    std::string names;
    std::string values;
    for (const auto& [column, type] : columns_[table]) {
      const auto other = others.find(column);
      absl::StrAppend(&names, names.empty() ? "" : ", ", column);
      absl::StrAppend(&values, values.empty() ? "" : ", ",
                      other == others.end() ? column : other->second);
    }
    return absl::StrCat("INSERT INTO ", table, " (", names, ") SELECT ", values, " FROM kept_",
                        table, OfTenant(table, from));
  };
  const std::string of_comment = "position = " + PlaceOf(unchanged_);
  const std::string next =
      "(SELECT max(sequence) + 1 FROM kept_thread_comments WHERE org_id = 'org'"
      " AND invoice_id = 'INV-1')";
  const std::string id = "'018f4e2a-9c3b-7d10-0000-000000000001'";
  const std::string id_high = std::to_string(0x018f4e2a9c3b7d10);
  const std::string edited = absl::StrCat("position = ", PlaceOf(edited_), " AND revision = 1");
  for (const std::string place : {"0", "-1", "-9223372036854775808"}) {
    const std::map<std::string, std::string> at = {{"position", place}};
    const std::string comment = insert(
        "comments", of_comment, {{"position", place}, {"sequence", next}, {"comment_id", id}});
    const std::string in_thread =
        insert("thread_comments", of_comment, {{"position", place}, {"sequence", next}});
    Found("a newest comment at " + place, {"comments", "thread_comments", "comment_ids"},
          {comment, in_thread,
           insert("comment_ids", of_comment,
                  {{"position", place}, {"id_high", id_high}, {"id_low", "1"}})});
    Found("a place without a comment at " + place, {"thread_comments"}, {in_thread});
    Found("a comment without a place at " + place, {"comments"}, {comment});
    Found("a revision " + place, {"comment_revisions"},
          {insert("comment_revisions", edited, {{"revision", place}})});
    Found("a revision at " + place, {"comment_revisions"},
          {insert("comment_revisions", edited, at)});
    Found("a resolution at " + place, {"audit_entries"},
          {insert("audit_entries", "action = 'thread.resolved' AND invoice_id = 'INV-2'", at)});
    Found("an event at " + place, {"events"}, {insert("events", of_comment, at)});
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
