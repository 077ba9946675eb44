#include "services/storage/database_url.h"

#include <libpq-fe.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <string_view>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace marginalia {
namespace {

constexpr char kSqliteScheme[] = "sqlite:";
constexpr char kVfsParameter[] = "?vfs=";

// What libpq is told unless the url says otherwise: not to wait for long for a server that is not
// there, or that has gone without a word. Times in seconds, the last one in milliseconds.
constexpr std::pair<const char*, const char*> kPostgresParameters[] = {
    {"connect_timeout", "2"},
    {"keepalives_idle", "5"},
    {"keepalives_interval", "2"},
    {"keepalives_count", "3"},
    {"tcp_user_timeout", "10000"}};

absl::StatusOr<DatabaseUrl> ParseSqlite(std::string path) {
  std::string vfs;
  if (const std::size_t at = path.rfind(kVfsParameter); at != std::string::npos) {
    vfs = path.substr(at + std::string_view(kVfsParameter).size());
    path.resize(at);
  }
  if (path.empty() || path == ":memory:") {
    return absl::InvalidArgumentError("a database url sqlite:PATH needs the path of a file");
  }
  if (path.find('"') != std::string::npos) {
    return absl::InvalidArgumentError(
        "the path of a SQLite database must not hold a quotation mark");
  }
  // Symbolic links resolved: two names of one file must come to the same lock.
  std::error_code unresolved;
  std::filesystem::path canonical = std::filesystem::weakly_canonical(path, unresolved);
  if (unresolved) canonical = std::filesystem::absolute(path);
  DatabaseUrl url;
  url.path = canonical;
  url.target = {.kind = DatabaseKind::kSqlite,
                .connect_string = absl::StrCat("dbname=\"", url.path, "\""),
                .description = absl::StrCat(kSqliteScheme, path)};
  if (!vfs.empty()) absl::StrAppend(&url.target.connect_string, " vfs=", vfs);
  return url;
}

// host, port and dbname as libpq understands them.
absl::StatusOr<std::string> DescribePostgres(const std::string& url) {
  const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options(
      PQconninfoParse(url.c_str(), nullptr), PQconninfoFree);
  if (options == nullptr) {
    return absl::InvalidArgumentError(
        "the database url is not a connection url of PostgreSQL: postgresql://user@host:port/name");
  }
  std::map<std::string_view, std::string> given;
  for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
    if (option->val != nullptr) given[option->keyword] = option->val;
  }
  const std::string port = given.count("port") == 0 ? "" : absl::StrCat(":", given["port"]);
  return absl::StrCat("postgresql://", given["host"], port, "/", given["dbname"]);
}

absl::StatusOr<DatabaseUrl> ParsePostgres(const std::string& url) {
  absl::StatusOr<std::string> description = DescribePostgres(url);
  if (!description.ok()) return description.status();
  // SOCI takes the string apart at white space.
  if (std::any_of(url.begin(), url.end(), [](unsigned char c) { return c <= ' '; })) {
    return absl::InvalidArgumentError("a database url must not hold white space: write it as %20");
  }
  DatabaseUrl parsed;
  parsed.target = {.kind = DatabaseKind::kPostgres,
                   .connect_string = url,
                   .description = *std::move(description)};
  std::string& connect_string = parsed.target.connect_string;
  for (const auto& [name, value] : kPostgresParameters) {
    if (absl::StrContains(url, absl::StrCat(name, "="))) continue;
    const char* separator = absl::StrContains(connect_string, "?") ? "&" : "?";
    absl::StrAppend(&connect_string, separator, name, "=", value);
  }
  return parsed;
}

}  // namespace

absl::StatusOr<DatabaseUrl> ParseDatabaseUrl(const std::string& url) {
  absl::string_view rest = url;
  if (absl::ConsumePrefix(&rest, kSqliteScheme)) return ParseSqlite(std::string(rest));
  if (absl::StartsWith(url, "postgresql://") || absl::StartsWith(url, "postgres://")) {
    return ParsePostgres(url);
  }
  return absl::InvalidArgumentError("a database url begins with sqlite: or postgresql://");
}

}  // namespace marginalia
