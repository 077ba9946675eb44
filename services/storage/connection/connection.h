// One database connection with its prepared statements. Used by one thread at a time; owned by
// Database, lent to readers and to the writer.
#ifndef MARGINALIA_SERVICES_STORAGE_CONNECTION_CONNECTION_H_
#define MARGINALIA_SERVICES_STORAGE_CONNECTION_CONNECTION_H_

#include <soci/soci.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/time/time.h"
#include "services/storage/connection/answer_limit.h"
#include "services/storage/tenants.h"

namespace marginalia {

enum class DatabaseKind { kSqlite, kPostgres };

// How long a statement waits for a database locked by another process before UNAVAILABLE.
inline constexpr absl::Duration kLockWaitMax = absl::Seconds(2);

class AnsweredRows;
class Pipeline;
class RowInsert;

// What a connection is opened for: SQLite and PostgreSQL both hold a reader to reading only.
enum class ConnectionRole { kReader, kWriter };

// Where a connection leads to, taken apart from the url once.
struct ConnectionTarget {
  DatabaseKind kind = DatabaseKind::kSqlite;
  std::string connect_string;  // as SOCI takes it; may hold a password
  std::string description;     // for messages and the log; never holds one
};

class Connection {
 public:
  // Connects and sets up the session. Throws SOCI's exceptions.
  Connection(const ConnectionTarget& target, ConnectionRole role);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  DatabaseKind kind() const { return kind_; }
  // For one statement at once, behind all before it; not to be kept.
  soci::session& sql() {
    Settle();
    return session_;
  }

  // What a store keeps on this connection, made at first use: `Kept` is a class with a constructor
  // from Connection&, whose members are Statement, RowSelect and RowInsert. Each of them sees to it
  // at its run that it comes behind all before it, for whom the transaction acts then. They die
  // with the connection.
  template <class Kept>
  Kept& Prepared() {
    std::shared_ptr<void>& slot = prepared_[KeyOf<Kept>()];
    if (slot == nullptr) slot = std::make_shared<Kept>(*this);
    return *static_cast<Kept*>(slot.get());
  }

  // PostgreSQL, on the writing connection, in a transaction: sends a statement with its parameters
  // ($1, $2 …; texts without NUL) and waits for nothing. Its rows, as texts, come to `answered`
  // with the answers to all that was sent by then: one round trip, at AwaitAnswers or before the
  // next statement of another kind. Like it throws what SOCI throws.
  void Ask(const std::string& sql, const std::vector<std::string>& parameters,
           std::function<void(const AnsweredRows&)> answered);
  // Also of a connection that is asked nothing.
  void AwaitAnswers();

  // In a transaction: from here to its end a statement may take kLongStatementMax. For migrations
  // and for what goes through whole tables; never where somebody waits for it.
  void AllowLongStatements();

  // Runs `statements` outside a transaction, where PostgreSQL is held to kAnswerWaitMax as well.
  // Throws what SOCI throws.
  void RunAlone(absl::FunctionRef<void(soci::session&)> statements);

  // True when its role on PostgreSQL is one that row-level security does not hold back.
  bool BypassesTenantWall();

  // Bytes as this database takes and gives them in a bytes column through a std::string: as they
  // are on SQLite, in hex format on PostgreSQL, whose text is cut at NUL.
  std::string ToColumn(std::string_view bytes) const;
  std::string FromColumn(std::string column) const;

 private:
  friend class Database;
  friend class RowInsert;
  friend class RowSelect;
  friend class Statement;
  friend class TenantScope;
  friend class WriteTransaction;

  // Another one for each class, also where two files have one of the same name in unnamed
  // namespaces, which typeid does not tell apart when clang compiled them.
  template <class Kept>
  static const void* KeyOf() {
    static char key;
    return &key;
  }

  // Begin and Commit throw. Rollback never does: a connection that cannot roll back is lost, and
  // its transaction with it. `read` transactions are snapshots.
  void Begin(const Tenants& tenants = {});
  void Commit();
  void Rollback();
  // The server is asked nothing any more.
  void EndTransaction();
  // Writes the rows that are kept and says whose rows are touched next, as far as PostgreSQL has
  // not heard of either, and waits for all answers. Throws what SOCI throws.
  void Settle() {
    Send();
    if (pipeline_ != nullptr) AwaitAnswers();
  }
  // The same without waiting.
  void Send() {
    if (in_transaction_) limit_->Asks(answer_max_);
    if (!kept_rows_.empty()) WriteKeptRows();
    if (wanted_tenants_ != tenants_) SetTenants();
  }
  void WriteKeptRows();
  void SetTenants();
  // SQLite keeps a snapshot open for as long as any SELECT has not run to its end, even past
  // COMMIT.
  void ResetStatements();
  // True when PostgreSQL has given up on the transaction: its COMMIT would quietly be a ROLLBACK.
  bool InFailedTransaction() const;

  const DatabaseKind kind_;
  const ConnectionRole role_;
  soci::session session_;
  std::optional<AnswerLimit> limit_;            // PostgreSQL only
  bool in_transaction_ = false;                 // the same
  absl::Duration answer_max_ = kAnswerWaitMax;  // of the transaction's statements
  Tenants tenants_;                             // of the transaction, as PostgreSQL knows them
  Tenants wanted_tenants_;                      // the same on SQLite, which knows none
  std::vector<RowInsert*> kept_rows_;           // those with rows; PostgreSQL only
  std::unique_ptr<Pipeline> pipeline_;          // of a writer on PostgreSQL; else null
  // After session_, so that statements are gone before their session.
  std::unordered_map<const void*, std::shared_ptr<void>> prepared_;
};

// In a transaction: while it lives, statements touch the rows of `tenants` only; behind it, those
// that they touched before. A transaction begins with those that it was begun for. PostgreSQL hears
// of it with the next statement that runs, and not at all when there is none. Scopes on a
// connection nest.
class [[nodiscard]] TenantScope {
 public:
  TenantScope(Connection& connection, Tenants tenants)
      : connection_(connection),
        before_(std::exchange(connection.wanted_tenants_, std::move(tenants))) {}
  ~TenantScope() { connection_.wanted_tenants_ = std::move(before_); }
  TenantScope(const TenantScope&) = delete;
  TenantScope& operator=(const TenantScope&) = delete;

 private:
  Connection& connection_;
  Tenants before_;
};

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_STORAGE_CONNECTION_CONNECTION_H_
