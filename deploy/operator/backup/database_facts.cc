#include "deploy/operator/backup/database_facts.h"

#include <cstdio>

#include "absl/strings/str_cat.h"
#include "comments-service/schema.h"
#include "invoice-service/schema.h"

namespace marginalia {
namespace {

absl::Status NobodysDatabase(const SqliteFile& file) {
  return absl::FailedPreconditionError(absl::StrCat(
      file.path(), " is a database neither of comments-service nor of invoice-service"));
}

// How many of `known` the database has seen, which must be the first ones; 0 when it is another's.
absl::StatusOr<int> VersionBy(const SqliteFile& file, const Migrations& known) {
  SqliteRows rows(file, "SELECT number, name FROM schema_migrations ORDER BY number");
  std::size_t applied = 0;
  bool fits = true;
  while (rows.Next()) {
    if (applied < known.size()) {
      const Migration& expected = known[applied];
      fits = fits && rows.Integer(0) == expected.number && rows.Bytes(1) == expected.name;
    }
    ++applied;
  }
  if (!rows.status().ok()) return rows.status();
  if (fits && applied > known.size()) {
    return absl::FailedPreconditionError(
        absl::StrCat(file.path(), " is at version ", applied, ", this program knows ", known.size(),
                     ": take the marginalia-operator of the newer release"));
  }
  return fits ? static_cast<int>(applied) : 0;
}

absl::Status CheckPages(const SqliteFile& file) {
  const absl::StatusOr<std::string> finding = SelectText(file, "PRAGMA integrity_check(1)");
  if (!finding.ok()) return finding.status();
  return *finding == "ok" ? absl::OkStatus() : Damaged(file, *finding);
}

void PrintLine(const char* name, const std::string& value) {
  std::printf("%-14s%s\n", name, value.c_str());
}

absl::Status PrintAuditHeads(const SqliteFile& file) {
  SqliteRows heads(file,
                   "SELECT org_id, entry_count, position, hash FROM audit_heads ORDER BY org_id");
  while (heads.Next()) {
    PrintLine("audit head", absl::StrCat(heads.Text(0), " entries ", heads.Integer(1), " position ",
                                         heads.Integer(2), " hash ", heads.Text(3)));
  }
  return heads.status();
}

}  // namespace

absl::Status Damaged(const SqliteFile& file, std::string_view finding) {
  return absl::DataLossError(absl::StrCat(file.path(), " is damaged: ", std::string(finding)));
}

absl::Status CheckAgreement(const SqliteFile& file, const Agreement& agreement) {
  const absl::StatusOr<std::int64_t> found = SelectInteger(file, agreement.sql);
  if (!found.ok()) return found.status();
  if (*found == 0) return absl::OkStatus();
  return Damaged(file, absl::StrCat(agreement.finding, " (", *found, ")"));
}

absl::StatusOr<DatabaseFacts> IdentifyDatabase(const SqliteFile& file) {
  const absl::StatusOr<std::int64_t> known =
      SelectInteger(file, "SELECT count(*) FROM sqlite_schema WHERE name = 'schema_migrations'");
  if (!known.ok()) return known.status();
  if (*known == 0) return NobodysDatabase(file);
  DatabaseFacts facts;
  for (const DatabaseContents contents :
       {DatabaseContents::kComments, DatabaseContents::kInvoices}) {
    const bool comments = contents == DatabaseContents::kComments;
    const auto version = VersionBy(file, comments ? CommentsMigrations() : InvoiceMigrations());
    if (!version.ok()) return version.status();
    facts.contents = contents;
    facts.version = *version;
    if (*version > 0) return facts;
  }
  return NobodysDatabase(file);
}

absl::StatusOr<DatabaseFacts> CheckDatabase(const SqliteFile& file) {
  absl::Status status = CheckPages(file);
  if (!status.ok()) return status;
  absl::StatusOr<DatabaseFacts> facts = IdentifyDatabase(file);
  if (!facts.ok()) return facts;
  const bool comments = facts->contents == DatabaseContents::kComments;
  status = comments ? CheckComments(file, *facts) : CheckInvoices(file, *facts);
  if (!status.ok()) return status;
  return facts;
}

absl::Status PrintFacts(const SqliteFile& file, const DatabaseFacts& facts) {
  const bool comments = facts.contents == DatabaseContents::kComments;
  PrintLine("database", comments ? "comments-service" : "invoice-service");
  PrintLine("version", std::to_string(facts.version));
  PrintLine("log id", facts.log_id.empty() ? "none" : facts.log_id);
  PrintLine(comments ? "head" : "projection", std::to_string(facts.position));
  if (comments) PrintLine("oldest event", std::to_string(facts.oldest_event));
  PrintLine(comments ? "comments" : "invoices", std::to_string(facts.count));
  return comments ? PrintAuditHeads(file) : absl::OkStatus();
}

}  // namespace marginalia
