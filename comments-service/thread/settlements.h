// What one can do to a thread: resolve it and open it again, with a word or without. Each is one
// write of a group: rows, audit entry and event. Thread-safe.
#ifndef MARGINALIA_COMMENTS_SERVICE_THREAD_SETTLEMENTS_H_
#define MARGINALIA_COMMENTS_SERVICE_THREAD_SETTLEMENTS_H_

#include <optional>
#include <string>
#include <vector>

#include "comments-service/call_context.h"
#include "comments-service/invoices/invoice_lookup.h"
#include "comments-service/thread/change_writes.h"
#include "comments-service/thread/comment.h"
#include "comments-service/thread/comment_writer.h"
#include "comments-service/thread/thread.h"
#include "services/events/log/event_log.h"
#include "services/storage/group/group_commit.h"

namespace marginalia {

struct NewSettlement : ChangeRequest {
  bool resolve = false;
  // What is said with it; its id may be empty.
  struct Words {
    std::string comment_id;
    std::string body;
    std::vector<std::string> mentions;
  };
  std::optional<Words> words;
};

struct SettledThread : ChangeOutcome {
  std::string invoice_id;
  Thread thread;
  std::optional<Comment> comment;
};
struct ResolvedThread : SettledThread {};
struct ReopenedThread : SettledThread {};

class Settlements {
 public:
  // None is owned; all must outlive the use cases.
  Settlements(GroupCommit& writes, CommentWriter& writer, const EventLog& events,
              InvoiceLookup& invoices)
      : writer_(writer), change_writes_(writes, writer, events, invoices) {}

  void Resolve(const CallContext& call, NewSettlement request, Answer<ResolvedThread> answer);
  void Reopen(const CallContext& call, NewSettlement request, Answer<ReopenedThread> answer);

 private:
  struct SettlementRun;
  template <class Result>
  void Settle(const CallContext& call, NewSettlement request, Answer<Result> answer);
  absl::Status Write(Connection& connection, SettlementRun& run);

  CommentWriter& writer_;
  ChangeWrites change_writes_;
};

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_THREAD_SETTLEMENTS_H_
