#include "services/storage/turn.h"

#include <exception>

#include "services/storage/database_url.h"

namespace marginalia {
namespace {

// The server gives up a session whose host has vanished after some 25 seconds instead of hours.
void NoticeVanishedHosts(soci::session& sql) {
  sql << "SET tcp_keepalives_idle = 10";
  sql << "SET tcp_keepalives_interval = 5";
  sql << "SET tcp_keepalives_count = 3";
}

bool TryLock(soci::session& sql, TurnOf work) {
  const auto lock = static_cast<std::int64_t>(work);
  int locked = 0;
  sql << "SELECT CAST(pg_try_advisory_lock(:lock) AS INTEGER)", soci::into(locked), soci::use(lock);
  return locked != 0;
}

}  // namespace

absl::StatusOr<bool> Turn::Take() {
  const absl::StatusOr<DatabaseUrl> url = ParseDatabaseUrl(database_url_);
  if (!url.ok()) return url.status();
  if (held_ || url->target.kind == DatabaseKind::kSqlite) return held_ = true;
  try {
    if (session_ == nullptr) {
      auto session = std::make_unique<Connection>(url->target, ConnectionRole::kReader);
      session->RunAlone(NoticeVanishedHosts);
      session_ = std::move(session);
    }
    session_->RunAlone([this](soci::session& sql) { held_ = TryLock(sql, work_); });
    return held_;
  } catch (const std::exception&) {
    session_.reset();
    return absl::UnavailableError("the database cannot be asked whose turn it is");
  }
}

bool Turn::Held() {
  if (session_ == nullptr) return held_;
  try {
    int alive = 0;
    session_->RunAlone([&alive](soci::session& sql) { sql << "SELECT 1", soci::into(alive); });
  } catch (const std::exception&) {
    Release();
  }
  return held_;
}

void Turn::Release() {
  held_ = false;
  // The lock goes with its session.
  session_.reset();
}

}  // namespace marginalia
