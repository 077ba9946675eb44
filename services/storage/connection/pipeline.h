// Statements that are sent to PostgreSQL one behind the other and answered together: one round
// trip, whatever their number. Each is prepared at its first use, under a name of its own, for as
// long as the session lasts. Owned by a connection and used by its thread; between two Finish
// nothing else may be asked on the session.
// https://www.postgresql.org/docs/15/libpq-pipeline-mode.html
#ifndef MARGINALIA_SERVICES_STORAGE_CONNECTION_PIPELINE_H_
#define MARGINALIA_SERVICES_STORAGE_CONNECTION_PIPELINE_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "services/storage/connection/native.h"

struct pg_result;

namespace marginalia {

// The rows of an answer, as texts; a null is an empty one. Valid while they are handed over.
class AnsweredRows {
 public:
  explicit AnsweredRows(const pg_result& result) : result_(result) {}
  int size() const;
  std::string_view Text(int row, int column) const;
  std::int64_t Integer(int row, int column) const;

 private:
  const pg_result& result_;
};

class Pipeline {
 public:
  using Answered = std::function<void(const AnsweredRows&)>;

  // `session` stays SOCI's, and open for longer.
  explicit Pipeline(pg_conn* session) : session_(session) {}
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;

  // Sends the statement with its parameters ($1, $2 …). `answered` may be null. Throws as Finish.
  void Send(const std::string& sql, const std::vector<const char*>& parameters, Answered answered);
  // COMMIT, which PostgreSQL answers with a quiet ROLLBACK when the transaction has failed: that
  // is an error of Finish.
  void SendCommit();

  // Waits for the answers and hands them over in the order of the statements. Throws what SOCI
  // throws (soci::postgresql_soci_error) for the first that failed; those behind it have not run.
  void Finish();
  // The same without a word about either: for a rollback.
  void Abandon() noexcept;

  bool empty() const { return sent_.empty(); }

 private:
  struct Prepared {
    std::string name;
    bool is_ready = false;
    bool is_sent = false;
  };
  struct Sent {
    Prepared* preparing = nullptr;  // null: it is run
    Answered answered;
    bool commits = false;
  };
  struct Failure {
    std::string message;
    std::string sqlstate;
  };

  void Send(const std::string& sql, const std::vector<const char*>& parameters, Sent sent);
  // Null: the statement has done what it should.
  std::optional<Failure> Take(Sent& sent, const pg_result& result, bool hand_over);
  std::optional<Failure> TakeAll(bool hand_over);
  [[noreturn]] void ThrowOwnError() const;

  pg_conn* const session_;
  std::unordered_map<std::string, Prepared> prepared_;  // by their SQL
  std::vector<Sent> sent_;
};

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_STORAGE_CONNECTION_PIPELINE_H_
