#include "services/storage/connection/connection.h"

#include <soci/postgresql/soci-postgresql.h>
#include <soci/sqlite3/soci-sqlite3.h>

#include <memory>
#include <mutex>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "services/storage/connection/native.h"
#include "services/storage/connection/older_sessions.h"
#include "services/storage/connection/pipeline.h"
#include "services/storage/connection/row_insert.h"
#include "services/storage/connection/sqlite_settings.h"

namespace marginalia {
namespace {

// How long a transaction may stand still before PostgreSQL ends it: a stopped replica must not hold
// the lock that all the others wait for.
constexpr absl::Duration kIdleInTransactionMax = absl::Seconds(10);

// A connection is used by one thread at a time, so SQLite need not lock it at each call, nor keep
// account of memory that nobody asks for: together a tenth of a read. Before its first use, else
// SQLite stays as it was.
const soci::backend_factory& Backend(DatabaseKind kind) {
  static std::once_flag once;
  std::call_once(once, [] {
    sqlite_api::sqlite3_config(SQLITE_CONFIG_MULTITHREAD);
    sqlite_api::sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  });
  return kind == DatabaseKind::kSqlite ? static_cast<const soci::backend_factory&>(soci::sqlite3)
                                       : soci::postgresql;
}

void Execute(soci::session& session, std::string_view name, std::string_view value) {
  session << absl::StrCat("PRAGMA ", std::string(name), " = ", std::string(value));
}

void SetUpSqlite(soci::session& session, ConnectionRole role) {
  const bool writes = role == ConnectionRole::kWriter;
  sqlite_api::sqlite3_busy_timeout(NativeSqlite(session), absl::ToInt64Milliseconds(kLockWaitMax));
  // Before anything reads the file: a new one gets its page size with its first page.
  if (writes) Execute(session, "page_size", std::to_string(kSqlitePageBytes));
  if (writes) Execute(session, "journal_mode", "WAL");
  Execute(session, "synchronous", "FULL");
  Execute(session, "foreign_keys", "ON");
  // Two connections that checkpoint can lose commits in this version of SQLite: only the writer
  // does.
  Execute(session, "wal_autocheckpoint", "0");
  Execute(session, "mmap_size", "0");
  // What is deleted or overwritten is zeroed in its page: an erased text must not stay behind.
  if (writes) Execute(session, "secure_delete", "ON");
  Execute(session, "cache_size",
          absl::StrCat("-", writes ? kWriterCacheKibibytesMax : kReaderCacheKibibytesMax));
  if (writes) return;
  Execute(session, "query_only", "ON");
  sqlite_api::sqlite3_db_config(NativeSqlite(session), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1,
                                nullptr);
}

// Every statement finds its rows by a key or goes along one, and joins by one. The planner knows so
// from statistics only: of a table that was small when it last looked it reads all rows instead,
// and a prepared statement keeps to that while the table grows.
void KeepToKeys(soci::session& session) {
  for (const char* way : {"seqscan", "bitmapscan", "hashjoin", "mergejoin"}) {
    session << absl::StrCat("SET enable_", way, " = off");
  }
  // A plan that cannot do without one of them looks so dear that it would be compiled first.
  session << "SET jit = off";
}

void SetUpPostgres(soci::session& session, ConnectionRole role) {
  // libpq would print the server's notices on stderr, between the lines of the log.
  PQsetNoticeProcessor(
      NativePostgres(session), [](void*, const char*) {}, nullptr);
  session << absl::StrCat("SET application_name = '", kSessionName, "'");
  session << "SET client_min_messages = warning";
  session << "SET bytea_output = 'hex'";
  session << "SET synchronous_commit = on";
  session << absl::StrCat("SET lock_timeout = ", absl::ToInt64Milliseconds(kLockWaitMax));
  session << absl::StrCat("SET idle_in_transaction_session_timeout = ",
                          absl::ToInt64Milliseconds(kIdleInTransactionMax));
  session << absl::StrCat("SET statement_timeout = ", absl::ToInt64Milliseconds(kStatementMax));
  KeepToKeys(session);
  if (role == ConnectionRole::kWriter) return;
  session << "SET default_transaction_isolation = 'repeatable read'";
  session << "SET default_transaction_read_only = on";
}

std::string AllTenantsValue(const Tenants& tenants) { return tenants.all() ? "on" : "off"; }

std::string SetTenantsSql(const char* org_id, const char* all_tenants) {
  return absl::StrCat("SELECT set_config('", kOrgSetting, "', ", org_id, ", true), set_config('",
                      kAllTenantsSetting, "', ", all_tenants, ", true)");
}

// For sessions in the middle of a transaction.
struct TenantSettings {
  explicit TenantSettings(Connection& connection)
      : set((connection.sql().prepare << SetTenantsSql(":org_id", ":all_tenants"),
             soci::use(org_id), soci::use(all_tenants))) {}

  std::string org_id;
  std::string all_tenants;
  soci::statement set;
};

// Both in one round trip, which a statement with parameters cannot be.
std::string BeginFor(soci::session& session, const Tenants& tenants) {
  const std::string& org_id = tenants.org_id();
  const std::unique_ptr<char, decltype(&PQfreemem)> literal(
      PQescapeLiteral(NativePostgres(session), org_id.data(), org_id.size()), PQfreemem);
  if (literal == nullptr) throw soci::soci_error("the tenant's id cannot be written as a literal");
  return absl::StrCat("BEGIN; SET LOCAL ", kOrgSetting, " = ", literal.get(), "; SET LOCAL ",
                      kAllTenantsSetting, " = ", AllTenantsValue(tenants));
}

// Prepared, because every read and every group runs them.
struct TransactionStatements {
  explicit TransactionStatements(Connection& connection)
      : begin((connection.sql().prepare << "BEGIN")),
        begin_immediate(
            (connection.sql().prepare
             << (connection.kind() == DatabaseKind::kSqlite ? "BEGIN IMMEDIATE" : "BEGIN"))),
        commit((connection.sql().prepare << "COMMIT")) {}
  soci::statement begin;
  soci::statement begin_immediate;
  soci::statement commit;
};

}  // namespace

sqlite_api::sqlite3* NativeSqlite(soci::session& session) {
  return static_cast<soci::sqlite3_session_backend*>(session.get_backend())->conn_;
}

pg_conn* NativePostgres(soci::session& session) {
  return static_cast<soci::postgresql_session_backend*>(session.get_backend())->conn_;
}

Connection::Connection(const ConnectionTarget& target, ConnectionRole role)
    : kind_(target.kind), role_(role), session_(Backend(target.kind), target.connect_string) {
  if (kind_ == DatabaseKind::kSqlite) {
    SetUpSqlite(session_, role);
    return;
  }
  limit_.emplace(PQsocket(NativePostgres(session_)));
  limit_->Asks(kAnswerWaitMax);
  SetUpPostgres(session_, role);
  limit_->Rests();
  if (role == ConnectionRole::kWriter) {
    pipeline_ = std::make_unique<Pipeline>(NativePostgres(session_));
  }
}

// PostgreSQL forgets a session's statements with it. SOCI would take leave of each, and wait for
// the answer of a server that may never give one.
Connection::~Connection() {
  if (limit_.has_value()) limit_->Cut();
}

std::string Connection::ToColumn(std::string_view bytes) const {
  if (kind_ == DatabaseKind::kSqlite) return std::string(bytes);
  return absl::StrCat("\\x", absl::BytesToHexString({bytes.data(), bytes.size()}));
}

std::string Connection::FromColumn(std::string column) const {
  if (kind_ == DatabaseKind::kSqlite) return column;
  return absl::HexStringToBytes(absl::string_view(column).substr(2));
}

void Connection::Begin(const Tenants& tenants) {
  kept_rows_.clear();
  wanted_tenants_ = tenants;
  answer_max_ = kAnswerWaitMax;
  in_transaction_ = limit_.has_value();
  if (in_transaction_) limit_->Asks(answer_max_);
  if (pipeline_ != nullptr) {
    // On its way with the first statement.
    pipeline_->Send("BEGIN", {}, nullptr);
    tenants_ = Tenants();
    return;
  }
  if (kind_ == DatabaseKind::kPostgres && tenants != Tenants()) {
    session_ << BeginFor(session_, tenants);
    tenants_ = tenants;
    return;
  }
  tenants_ = tenants;
  auto& statements = Prepared<TransactionStatements>();
  (role_ == ConnectionRole::kWriter ? statements.begin_immediate : statements.begin).execute(true);
}

void Connection::SetTenants() {
  // First, so that preparing the statement does not come back here.
  tenants_ = wanted_tenants_;
  if (kind_ == DatabaseKind::kSqlite) return;
  const std::string all_tenants = AllTenantsValue(tenants_);
  if (pipeline_ != nullptr) {
    return pipeline_->Send(SetTenantsSql("$1", "$2"),
                           {tenants_.org_id().c_str(), all_tenants.c_str()}, nullptr);
  }
  auto& statement = Prepared<TenantSettings>();
  statement.org_id = tenants_.org_id();
  statement.all_tenants = all_tenants;
  statement.set.execute(true);
}

void Connection::WriteKeptRows() {
  const std::vector<RowInsert*> kept = std::exchange(kept_rows_, {});
  // Rows of several tenants, each under the key of its own.
  const Tenants wanted = std::exchange(wanted_tenants_, Tenants::All());
  for (RowInsert* rows : kept) rows->WriteKept();
  wanted_tenants_ = wanted;
}

void Connection::Ask(const std::string& sql, const std::vector<std::string>& parameters,
                     std::function<void(const AnsweredRows&)> answered) {
  Send();
  std::vector<const char*> texts;
  texts.reserve(parameters.size());
  for (const std::string& parameter : parameters) texts.push_back(parameter.c_str());
  pipeline_->Send(sql, texts, std::move(answered));
}

void Connection::AwaitAnswers() {
  if (pipeline_ == nullptr || pipeline_->empty()) return;
  limit_->Asks(answer_max_);
  pipeline_->Finish();
}

void Connection::AllowLongStatements() {
  if (kind_ == DatabaseKind::kSqlite) return;
  answer_max_ = kLongStatementMax + (kAnswerWaitMax - kStatementMax);
  sql() << absl::StrCat("SET LOCAL statement_timeout = ",
                        absl::ToInt64Milliseconds(kLongStatementMax));
}

void Connection::RunAlone(absl::FunctionRef<void(soci::session&)> statements) {
  if (limit_.has_value()) limit_->Asks(kAnswerWaitMax);
  const absl::Cleanup rests = [this] { EndTransaction(); };
  statements(session_);
}

bool Connection::BypassesTenantWall() {
  if (kind_ == DatabaseKind::kSqlite) return false;
  int bypasses = 0;
  RunAlone([&bypasses](soci::session& session) {
    session << "SELECT CAST(rolsuper OR rolbypassrls AS INTEGER) FROM pg_roles"
               " WHERE rolname = current_user",
        soci::into(bypasses);
  });
  return bypasses != 0;
}

void Connection::EndTransaction() {
  in_transaction_ = false;
  if (limit_.has_value()) limit_->Rests();
}

void Connection::Commit() {
  ResetStatements();
  if (in_transaction_) limit_->Asks(answer_max_);
  if (pipeline_ != nullptr) {
    pipeline_->SendCommit();
    pipeline_->Finish();
  } else {
    Prepared<TransactionStatements>().commit.execute(true);
  }
  EndTransaction();
}

void Connection::Rollback() {
  ResetStatements();
  if (limit_.has_value()) limit_->Asks(kAnswerWaitMax);
  const absl::Cleanup ends = [this] { EndTransaction(); };
  // SQLite has often rolled back by itself already, and a lost connection has lost its transaction.
  if (kind_ == DatabaseKind::kSqlite &&
      sqlite_api::sqlite3_get_autocommit(NativeSqlite(session_)) != 0)
    return;
  if (pipeline_ != nullptr) pipeline_->Abandon();
  try {
    session_ << "ROLLBACK";
  } catch (const std::exception&) {
  }
  kept_rows_.clear();
  // SOCI on PostgreSQL loses the parameters of a statement that failed when it is run again.
  if (kind_ == DatabaseKind::kPostgres) prepared_.clear();
}

void Connection::ResetStatements() {
  if (kind_ != DatabaseKind::kSqlite) return;
  sqlite_api::sqlite3* native = NativeSqlite(session_);
  for (sqlite_api::sqlite3_stmt* statement = sqlite_api::sqlite3_next_stmt(native, nullptr);
       statement != nullptr; statement = sqlite_api::sqlite3_next_stmt(native, statement)) {
    if (sqlite_api::sqlite3_stmt_busy(statement) != 0) sqlite_api::sqlite3_reset(statement);
  }
}

bool Connection::InFailedTransaction() const {
  if (kind_ == DatabaseKind::kSqlite) return false;
  auto& session = const_cast<soci::session&>(session_);
  return PQtransactionStatus(NativePostgres(session)) == PQTRANS_INERROR;
}

}  // namespace marginalia
