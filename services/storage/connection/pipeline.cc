#include "services/storage/connection/pipeline.h"

#include <libpq-fe.h>
#include <soci/postgresql/soci-postgresql.h>

#include <charconv>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"

namespace marginalia {
namespace {

using Result = std::unique_ptr<PGresult, decltype(&PQclear)>;

constexpr char kCommit[] = "COMMIT";
// Of an error that is libpq's own, which no server has given a state: the connection is lost.
constexpr char kNoState[] = "     ";
// PostgreSQL's manual, appendix A: what a statement in a failed transaction is answered.
constexpr char kInFailedTransaction[] = "25P02";

std::string StateOf(const PGresult& result) {
  const char* state = PQresultErrorField(&result, PG_DIAG_SQLSTATE);
  return state == nullptr ? kNoState : state;
}

}  // namespace

int AnsweredRows::size() const { return PQntuples(&result_); }

std::string_view AnsweredRows::Text(int row, int column) const {
  return {PQgetvalue(&result_, row, column),
          static_cast<std::size_t>(PQgetlength(&result_, row, column))};
}

std::int64_t AnsweredRows::Integer(int row, int column) const {
  const std::string_view text = Text(row, column);
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

void Pipeline::Send(const std::string& sql, const std::vector<const char*>& parameters,
                    Answered answered) {
  Send(sql, parameters, Sent{.answered = std::move(answered)});
}

void Pipeline::SendCommit() { Send(kCommit, {}, Sent{.commits = true}); }

void Pipeline::Send(const std::string& sql, const std::vector<const char*>& parameters, Sent sent) {
  if (sent_.empty() && PQenterPipelineMode(session_) == 0) ThrowOwnError();
  Prepared& statement = prepared_[sql];
  if (statement.name.empty()) statement.name = absl::StrCat("sent_", prepared_.size());
  const int count = static_cast<int>(parameters.size());
  if (!statement.is_ready && !statement.is_sent) {
    if (PQsendPrepare(session_, statement.name.c_str(), sql.c_str(), count, nullptr) == 0) {
      ThrowOwnError();
    }
    statement.is_sent = true;
    sent_.push_back({.preparing = &statement});
  }
  if (PQsendQueryPrepared(session_, statement.name.c_str(), count, parameters.data(), nullptr,
                          nullptr, 0) == 0) {
    ThrowOwnError();
  }
  sent_.push_back(std::move(sent));
}

void Pipeline::Finish() {
  if (sent_.empty()) return;
  const std::optional<Failure> failure = TakeAll(/*hand_over=*/true);
  if (failure.has_value()) {
    throw soci::postgresql_soci_error(failure->message, failure->sqlstate.c_str());
  }
}

void Pipeline::Abandon() noexcept {
  try {
    if (!sent_.empty() || PQpipelineStatus(session_) != PQ_PIPELINE_OFF) {
      TakeAll(/*hand_over=*/false);
    }
  } catch (const std::exception&) {
  }
}

std::optional<Pipeline::Failure> Pipeline::TakeAll(bool hand_over) {
  std::vector<Sent> all = std::exchange(sent_, {});
  std::optional<Failure> first;
  const auto note = [&first](std::optional<Failure> failure) {
    if (!first.has_value()) first = std::move(failure);
  };
  if (PQpipelineSync(session_) == 0) note(Failure{PQerrorMessage(session_), kNoState});
  for (Sent& sent : all) {
    // A null ends the results of each statement.
    while (const Result result{PQgetResult(session_), PQclear}) {
      note(Take(sent, *result, hand_over && !first.has_value()));
      if (PQstatus(session_) != CONNECTION_OK) break;
    }
    if (sent.preparing != nullptr) sent.preparing->is_sent = false;
  }
  while (const Result result{PQgetResult(session_), PQclear}) {
    const ExecStatusType status = PQresultStatus(result.get());
    if (status == PGRES_PIPELINE_SYNC) break;
    note(Failure{PQresultErrorMessage(result.get()), StateOf(*result)});
    if (PQstatus(session_) != CONNECTION_OK) break;
  }
  const bool ended = PQexitPipelineMode(session_) != 0;
  if (!ended || PQstatus(session_) != CONNECTION_OK) {
    note(Failure{PQerrorMessage(session_), kNoState});
  }
  return first;
}

std::optional<Pipeline::Failure> Pipeline::Take(Sent& sent, const pg_result& result,
                                                bool hand_over) {
  const ExecStatusType status = PQresultStatus(&result);
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
    return Failure{PQresultErrorMessage(&result), StateOf(result)};
  }
  if (sent.preparing != nullptr) sent.preparing->is_ready = true;
  if (sent.commits && PQcmdStatus(const_cast<PGresult*>(&result)) != std::string_view(kCommit)) {
    return Failure{"a statement of the transaction failed unheard", kInFailedTransaction};
  }
  if (hand_over && sent.answered != nullptr) sent.answered(AnsweredRows(result));
  return std::nullopt;
}

void Pipeline::ThrowOwnError() const {
  throw soci::postgresql_soci_error(PQerrorMessage(session_), kNoState);
}

}  // namespace marginalia
