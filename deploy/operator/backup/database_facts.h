// What a database is, and whether it is whole: found by reading all of it, a row at a time.
#ifndef MARGINALIA_DEPLOY_OPERATOR_BACKUP_DATABASE_FACTS_H_
#define MARGINALIA_DEPLOY_OPERATOR_BACKUP_DATABASE_FACTS_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "deploy/operator/backup/sqlite_file.h"

namespace marginalia {

enum class DatabaseContents { kComments, kInvoices };

struct DatabaseFacts {
  DatabaseContents contents = DatabaseContents::kComments;
  // How many migrations it has seen.
  int version = 0;
  // Of the event log; in invoice-service's database, of the log that its projection follows.
  std::string log_id;
  // The log's head, or the projection's position.
  std::int64_t position = 0;
  // The oldest event that is retained; comments-service's only.
  std::int64_t oldest_event = 0;
  // How many comments, or invoices.
  std::int64_t count = 0;
};

// Whose database it is, by the migrations that it has seen: version and contents only.
// FAILED_PRECONDITION when it is neither service's or newer than this program.
absl::StatusOr<DatabaseFacts> IdentifyDatabase(const SqliteFile& file);

// Checks all of it. DATA_LOSS, saying where, when it is not whole.
absl::StatusOr<DatabaseFacts> CheckDatabase(const SqliteFile& file);

// As CheckDatabase, for each service's tables behind SQLite's own check. Fill in the rest.
absl::Status CheckComments(const SqliteFile& file, DatabaseFacts& facts);
absl::Status CheckInvoices(const SqliteFile& file, DatabaseFacts& facts);

// A statement that answers with one integer, which must be 0, and what it means when it is not.
struct Agreement {
  const char* sql;
  const char* finding;
};
absl::Status CheckAgreement(const SqliteFile& file, const Agreement& agreement);

// "PATH is damaged: finding", DATA_LOSS.
absl::Status Damaged(const SqliteFile& file, std::string_view finding);

// The facts on stdout, one a line; of comments-service's database also where each tenant's audit
// chain ends, as far as it has one.
absl::Status PrintFacts(const SqliteFile& file, const DatabaseFacts& facts);

}  // namespace marginalia

#endif  // MARGINALIA_DEPLOY_OPERATOR_BACKUP_DATABASE_FACTS_H_
