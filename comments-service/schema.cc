#include "comments-service/schema.h"

#include "comments-service/relay/relay_position_store.h"
#include "services/events/log/event_log.h"
#include "services/storage/tenants.h"

namespace marginalia {
namespace {

// What a write costs is the pages it dirties. So the comments themselves are stored in the order in
// which they come, where a group of them shares a few pages, and what finds them is narrow: an
// entry in the thread, and the UUID as two integers. Counts are derived: a comment keeps its place
// for ever, so the newest sequence of a thread is the number of its places.
std::vector<std::string> FirstTables() {
  std::vector<std::string> statements = EventLog::Schema();
  statements.insert(statements.end(),
                    {
                        "CREATE TABLE comments ("
                        " org_id TEXT {c_collation} NOT NULL,"
                        " position BIGINT NOT NULL,"
                        " invoice_id TEXT {c_collation} NOT NULL,"
                        " sequence BIGINT NOT NULL,"
                        " comment_id TEXT {c_collation} NOT NULL,"
                        " author_id TEXT NOT NULL,"
                        " author_name TEXT NOT NULL,"
                        " body TEXT NOT NULL,"
                        " create_time BIGINT NOT NULL,"
                        " PRIMARY KEY (org_id, position)) {clustered}",

                        "CREATE TABLE thread_comments ("
                        " org_id TEXT {c_collation} NOT NULL,"
                        " invoice_id TEXT {c_collation} NOT NULL,"
                        " sequence BIGINT NOT NULL,"
                        " position BIGINT NOT NULL,"
                        " PRIMARY KEY (org_id, invoice_id, sequence)) {clustered}",

                        "CREATE TABLE comment_ids ("
                        " org_id TEXT {c_collation} NOT NULL,"
                        " id_high BIGINT NOT NULL,"
                        " id_low BIGINT NOT NULL,"
                        " position BIGINT NOT NULL,"
                        " PRIMARY KEY (org_id, id_high, id_low)) {clustered}",

                        "CREATE TABLE threads ("
                        " org_id TEXT {c_collation} NOT NULL,"
                        " invoice_id TEXT {c_collation} NOT NULL,"
                        " PRIMARY KEY (org_id, invoice_id)) {clustered}",

                        "CREATE TABLE audit_entries ("
                        " org_id TEXT {c_collation} NOT NULL,"
                        " position BIGINT NOT NULL,"
                        " actor_id TEXT NOT NULL,"
                        " actor_name TEXT NOT NULL,"
                        " action TEXT NOT NULL,"
                        " invoice_id TEXT {c_collation} NOT NULL,"
                        " comment_id TEXT {c_collation} NOT NULL,"
                        " request_id TEXT NOT NULL,"
                        " create_time BIGINT NOT NULL,"
                        " hash TEXT NOT NULL,"
                        " PRIMARY KEY (org_id, position)) {clustered}",

                        "CREATE TABLE audit_heads ("
                        " org_id TEXT {c_collation} NOT NULL,"
                        " entry_count BIGINT NOT NULL,"
                        " position BIGINT NOT NULL,"
                        " hash TEXT NOT NULL,"
                        " PRIMARY KEY (org_id)) {clustered}",
                    });
  return statements;
}

// What changes of comments and threads need, and the second format of the audit log. A comment's
// row shows what it says now; adding one writes nothing here but its salts and commitments, and
// only a change writes to its thread's row. All new columns have defaults: a replica of the version
// before goes on adding comments beside this one.
std::vector<std::string> ChangesAndRecord() {
  std::vector<std::string> statements = {
      "ALTER TABLE comments ADD COLUMN body_salt {bytes} NOT NULL DEFAULT ''",
      "ALTER TABLE comments ADD COLUMN revision BIGINT NOT NULL DEFAULT 1",
      "ALTER TABLE comments ADD COLUMN edit_time BIGINT NOT NULL DEFAULT 0",
      "ALTER TABLE comments ADD COLUMN removal_time BIGINT NOT NULL DEFAULT 0",
      "ALTER TABLE comments ADD COLUMN remover_id TEXT NOT NULL DEFAULT ''",
      "ALTER TABLE comments ADD COLUMN remover_name TEXT NOT NULL DEFAULT ''",
      "ALTER TABLE comments ADD COLUMN removal_reason TEXT NOT NULL DEFAULT ''",
      "ALTER TABLE comments ADD COLUMN erased BIGINT NOT NULL DEFAULT 0",
      // Of the newest change's entry and event; 0: it never changed.
      "ALTER TABLE comments ADD COLUMN change_position BIGINT NOT NULL DEFAULT 0",

      // Every revision of the comments that were ever edited or removed, by the comment's position.
      "CREATE TABLE comment_revisions ("
      " org_id TEXT {c_collation} NOT NULL,"
      " position BIGINT NOT NULL,"
      " revision BIGINT NOT NULL,"
      " body TEXT NOT NULL,"
      " body_salt {bytes} NOT NULL,"
      " editor_id TEXT NOT NULL,"
      " editor_name TEXT NOT NULL,"
      " revision_time BIGINT NOT NULL,"
      " event_position BIGINT NOT NULL,"
      " erased BIGINT NOT NULL,"
      " PRIMARY KEY (org_id, position, revision)) {clustered}",

      "ALTER TABLE threads ADD COLUMN change_count BIGINT NOT NULL DEFAULT 0",
      "ALTER TABLE threads ADD COLUMN removed_count BIGINT NOT NULL DEFAULT 0",
      "ALTER TABLE threads ADD COLUMN resolved BIGINT NOT NULL DEFAULT 0",
      "ALTER TABLE threads ADD COLUMN state_time BIGINT NOT NULL DEFAULT 0",
      "ALTER TABLE threads ADD COLUMN state_actor_id TEXT NOT NULL DEFAULT ''",
      "ALTER TABLE threads ADD COLUMN state_actor_name TEXT NOT NULL DEFAULT ''",

      // By the callers' ids of changes: the change's entry, and the comment that was said with it.
      "CREATE TABLE change_ids ("
      " org_id TEXT {c_collation} NOT NULL,"
      " id_high BIGINT NOT NULL,"
      " id_low BIGINT NOT NULL,"
      " position BIGINT NOT NULL,"
      " comment_position BIGINT NOT NULL,"
      " PRIMARY KEY (org_id, id_high, id_low)) {clustered}",

      "ALTER TABLE audit_heads ADD COLUMN change_count BIGINT NOT NULL DEFAULT 0",
      "ALTER TABLE audit_entries ADD COLUMN format BIGINT NOT NULL DEFAULT 1",
      "ALTER TABLE audit_entries ADD COLUMN number BIGINT NOT NULL DEFAULT 0",
      "ALTER TABLE audit_entries ADD COLUMN name_salt {bytes} NOT NULL DEFAULT ''",
      "ALTER TABLE audit_entries ADD COLUMN name_commitment {bytes} NOT NULL DEFAULT ''",
      "ALTER TABLE audit_entries ADD COLUMN revision BIGINT NOT NULL DEFAULT 0",
      "ALTER TABLE audit_entries ADD COLUMN content_commitment {bytes} NOT NULL DEFAULT ''",
      "ALTER TABLE audit_entries ADD COLUMN reason TEXT NOT NULL DEFAULT ''",
      "UPDATE audit_entries SET number = numbered.number FROM (SELECT org_id, position,"
      " row_number() OVER (PARTITION BY org_id ORDER BY position) AS number"
      " FROM audit_entries) AS numbered WHERE audit_entries.org_id = numbered.org_id"
      " AND audit_entries.position = numbered.position",
      // What a replica of the version before writes has no number.
      "{postgres_only}CREATE FUNCTION number_audit_entry() RETURNS trigger LANGUAGE plpgsql AS $$"
      " BEGIN"
      " SELECT coalesce(max(a.number), 0) + 1 INTO NEW.number FROM"
      " (SELECT number FROM audit_entries WHERE org_id = NEW.org_id"
      " ORDER BY position DESC LIMIT 1) AS a;"
      " RETURN NEW;"
      " END $$",
      "{postgres_only}CREATE TRIGGER number_audit_entry BEFORE INSERT ON audit_entries FOR EACH ROW"
      " WHEN (NEW.number = 0) EXECUTE FUNCTION number_audit_entry()",

      // Nodes of the tenants' Merkle trees, each with the position of the last entry below it.
      "CREATE TABLE audit_tree_nodes ("
      " org_id TEXT {c_collation} NOT NULL,"
      " level BIGINT NOT NULL,"
      " node_index BIGINT NOT NULL,"
      " hash {bytes} NOT NULL,"
      " position BIGINT NOT NULL,"
      " PRIMARY KEY (org_id, level, node_index)) {clustered}",
      "CREATE TABLE audit_trees ("
      " org_id TEXT {c_collation} NOT NULL,"
      " leaf_count BIGINT NOT NULL,"
      " position BIGINT NOT NULL,"
      " PRIMARY KEY (org_id)) {clustered}",
  };
  const std::vector<std::string> wall =
      TenantWall({"comment_revisions", "change_ids", "audit_tree_nodes", "audit_trees"});
  statements.insert(statements.end(), wall.begin(), wall.end());
  return statements;
}

// What readers have: how far each has read which thread, who is mentioned where, and who there is
// to be mentioned. Adding a comment writes to none of it unless it mentions somebody or its author
// is new. The new columns have defaults, for a replica of the version before, which neither writes
// mentions nor takes them away: what it removes or erases meanwhile keeps the user_ids, and no
// text.
std::vector<std::string> Readers() {
  std::vector<std::string> statements = {
      // The user_ids, each in a line of its own.
      "ALTER TABLE comments ADD COLUMN mentions TEXT NOT NULL DEFAULT ''",
      "ALTER TABLE comment_revisions ADD COLUMN mentions TEXT NOT NULL DEFAULT ''",

      "CREATE TABLE read_marks ("
      " org_id TEXT {c_collation} NOT NULL,"
      " user_id TEXT {c_collation} NOT NULL,"
      " invoice_id TEXT {c_collation} NOT NULL,"
      " sequence BIGINT NOT NULL,"
      " PRIMARY KEY (org_id, user_id, invoice_id)) {clustered}",

      // By the position of the comment; the index finds those of one thread.
      "CREATE TABLE comment_mentions ("
      " org_id TEXT {c_collation} NOT NULL,"
      " user_id TEXT {c_collation} NOT NULL,"
      " position BIGINT NOT NULL,"
      " invoice_id TEXT {c_collation} NOT NULL,"
      " sequence BIGINT NOT NULL,"
      " PRIMARY KEY (org_id, user_id, position)) {clustered}",
      "CREATE INDEX comment_mentions_by_thread ON comment_mentions"
      " (org_id, user_id, invoice_id, sequence)",

      // key_count 0: those that this migration found, by less than an author's next comment adds.
      "CREATE TABLE authors ("
      " org_id TEXT {c_collation} NOT NULL,"
      " user_id TEXT {c_collation} NOT NULL,"
      " display_name TEXT NOT NULL,"
      " key_count BIGINT NOT NULL,"
      " PRIMARY KEY (org_id, user_id)) {clustered}",
      "CREATE TABLE author_keys ("
      " org_id TEXT {c_collation} NOT NULL,"
      " search_key TEXT {c_collation} NOT NULL,"
      " user_id TEXT {c_collation} NOT NULL,"
      " PRIMARY KEY (org_id, search_key, user_id)) {clustered}",
      "INSERT INTO authors (org_id, user_id, display_name, key_count)"
      " SELECT c.org_id, c.author_id, c.author_name, 0 FROM"
      " (SELECT org_id, max(position) AS position FROM comments GROUP BY org_id, author_id) AS n"
      " JOIN comments c ON c.org_id = n.org_id AND c.position = n.position",
      "INSERT INTO author_keys (org_id, search_key, user_id)"
      " SELECT org_id, lower(user_id), user_id FROM authors UNION"
      " SELECT org_id, lower(display_name), user_id FROM authors WHERE display_name <> ''",
  };
  const std::vector<std::string> wall =
      TenantWall({"read_marks", "comment_mentions", "authors", "author_keys"});
  statements.insert(statements.end(), wall.begin(), wall.end());
  return statements;
}

// From here on an added comment's row says what its event and its entry leave out. Rows of before
// stay as they are and are read as they are, so however many there are, this takes no time. While
// replicas are replaced, the version before cannot read what was left out: nothing is, until none
// is left (EventLog::stores_stubs).
std::vector<std::string> ShortRows() {
  std::vector<std::string> statements = EventLog::SchemaOfStubs();
  // Of a short entry (audit/short_entry.h), instead of its hash in digits.
  statements.push_back(
      "ALTER TABLE audit_entries ADD COLUMN hash_bytes {bytes} NOT NULL DEFAULT ''");
  return statements;
}

}  // namespace

Migrations CommentsMigrations() {
  return {{.number = 1, .name = "comments, audit log and event log", .statements = FirstTables()},
          {.number = 2,
           .name = "row-level security",
           .statements = TenantWall({"comments", "thread_comments", "comment_ids", "threads",
                                     "audit_entries", "audit_heads", "events"})},
          {.number = 3, .name = "relay position", .statements = RelayPositionSchema()},
          {.number = 4,
           .name = "changes of comments, and the record of what they say",
           .statements = ChangesAndRecord()},
          {.number = 5, .name = "read marks, mentions and known authors", .statements = Readers()},
          {.number = 6,
           .name = "the newest event's time in the head row",
           .statements = EventLog::SchemaOfNewestTime()},
          {.number = 7,
           .name = "the changes of a thread in the audit log",
           // What the evidence of a thread asks for; no comment that is added pays for it.
           .statements =
               {"CREATE INDEX audit_thread_changes ON audit_entries (org_id, invoice_id, position)"
                " WHERE action <> 'comment.added' AND action <> 'comment.imported'"}},
          {.number = 8,
           .name = "events and entries that leave their words to the comment",
           .statements = ShortRows()}};
}

}  // namespace marginalia
