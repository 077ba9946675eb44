#include "deploy/operator/shared_flags.h"

#include "absl/strings/str_cat.h"
#include "services/storage/database_url.h"

ABSL_FLAG(std::string, database_url, "",
          "Required. The database of comments-service or invoice-service: sqlite:PATH.");
ABSL_FLAG(std::string, from, "",
          "Required. The file to read; audit-verify, evidence-verify and erasures-replay take - "
          "for stdin.");
ABSL_FLAG(
    std::string, to, "",
    "Required. The file to write, which must not exist; audit-export and evidence-export take "
    "- for stdout.");
ABSL_FLAG(
    std::string, token_path, "",
    "Required. A file with the bearer token to call with: an admin's; for evidence-export also a "
    "member's or a machine's of the tenant, for audit-monitor also a machine's; for the "
    "projection's commands a machine's of all tenants.");
ABSL_FLAG(std::string, keys_path, "", "Required. The directory of the machine's keys.");
ABSL_FLAG(std::string, comments_address, "127.0.0.1:50051", "host:port of comments-service.");
ABSL_FLAG(std::string, invoices_address, "127.0.0.1:50052", "host:port of invoice-service.");

namespace marginalia {

absl::StatusOr<std::string> Required(std::string_view name, const absl::Flag<std::string>& flag) {
  std::string value = absl::GetFlag(flag);
  if (!value.empty()) return value;
  return absl::InvalidArgumentError(absl::StrCat("--", std::string(name), " is required"));
}

absl::StatusOr<std::string> SqlitePathFromFlags() {
  const absl::StatusOr<std::string> text = Required("database_url", FLAGS_database_url);
  if (!text.ok()) return text.status();
  const absl::StatusOr<DatabaseUrl> url = ParseDatabaseUrl(*text);
  if (!url.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--database_url: ", std::string(url.status().message())));
  }
  if (url->target.kind == DatabaseKind::kSqlite) return url->path;
  return absl::InvalidArgumentError(absl::StrCat(
      "--database_url: ", url->target.description,
      " is a PostgreSQL server's, and only the server can copy its data as of one moment: use "
      "pg_dump for one database, from a standby, as a superuser or a role with BYPASSRLS and never "
      "with --enable-row-security, which leaves out every row; or pg_basebackup with WAL archiving "
      "for a server and any moment. After restoring one, run comments-service --migrate_only "
      "--start_new_log once"));
}

}  // namespace marginalia
