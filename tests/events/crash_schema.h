// The tables that the crash test's writer writes and its reader checks.
#ifndef MARGINALIA_TESTS_EVENTS_CRASH_SCHEMA_H_
#define MARGINALIA_TESTS_EVENTS_CRASH_SCHEMA_H_

#include "absl/time/clock.h"
#include "services/events/log/event_log.h"

namespace marginalia {

inline Migrations CrashMigrations() {
  Migration migration = {.number = 1, .name = "crash", .statements = EventLog::Schema()};
  migration.statements.push_back(
      "CREATE TABLE numbers (number BIGINT NOT NULL, PRIMARY KEY (number)) {clustered}");
  return {migration,
          {.number = 2, .name = "newest time", .statements = EventLog::SchemaOfNewestTime()},
          {.number = 3, .name = "stubs", .statements = EventLog::SchemaOfStubs()}};
}

}  // namespace marginalia

#endif  // MARGINALIA_TESTS_EVENTS_CRASH_SCHEMA_H_
