// Threads that come from elsewhere: many comments of others in one go, with their own times, and
// the closing behind them. Thread-safe.
#ifndef MARGINALIA_COMMENTS_SERVICE_THREAD_IMPORTS_H_
#define MARGINALIA_COMMENTS_SERVICE_THREAD_IMPORTS_H_

#include <optional>
#include <string>
#include <vector>

#include "comments-service/call_context.h"
#include "comments-service/invoices/invoice_lookup.h"
#include "comments-service/thread/comment.h"
#include "comments-service/thread/comment_writer.h"
#include "services/events/log/event_log.h"
#include "services/storage/group/group_commit.h"

namespace marginalia {

// The comments' own sequence, revision and invoice_id are not looked at. Of a removed one the body
// is what it said, empty when nobody knows that any more.
struct NewImport {
  std::string invoice_id;
  std::vector<Comment> comments;
  // That the thread was closed behind them.
  std::optional<Closing> closing = std::nullopt;
};

struct ImportOutcome {
  int imported = 0;
  int replayed = 0;
  std::string consistency_token;
};

class Imports {
 public:
  // None is owned; all must outlive the use case.
  Imports(GroupCommit& writes, CommentWriter& writer, const EventLog& events,
          InvoiceLookup& invoices)
      : writes_(writes), writer_(writer), events_(events), invoices_(invoices) {}

  // Adds comments of others and closes their thread, all or nothing. What is there already is
  // counted, not added.
  void Import(const CallContext& call, NewImport request, Answer<ImportOutcome> answer);

 private:
  struct Run;
  absl::Status Write(Connection& connection, Run& run);
  absl::Status CheckAgainstStored(Connection& connection, Run& run);
  absl::Status CheckClosing(Connection& connection, Run& run);

  GroupCommit& writes_;
  CommentWriter& writer_;
  const EventLog& events_;
  InvoiceLookup& invoices_;
};

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_THREAD_IMPORTS_H_
