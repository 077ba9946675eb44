#include "comments-service/schema.h"

#include "comments-service/relay/relay_position_store.h"
#include "services/events/log/event_log.h"
#include "services/storage/tenants.h"

namespace marginalia {
namespace {

// What a write costs is the pages it dirties. So the comments themselves are stored in the order in
// which they come, where a group of them shares a few pages, and what finds them is narrow: an
// entry in the thread, and the UUID as two integers. Counts are derived, not kept: comments are
// never removed, so the newest sequence of a thread is its length.
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

}  // namespace

Migrations CommentsMigrations() {
  return {{.number = 1, .name = "comments, audit log and event log", .statements = FirstTables()},
          {.number = 2,
           .name = "row-level security",
           .statements = TenantWall({"comments", "thread_comments", "comment_ids", "threads",
                                     "audit_entries", "audit_heads", "events"})},
          {.number = 3, .name = "relay position", .statements = RelayPositionSchema()}};
}

}  // namespace marginalia
