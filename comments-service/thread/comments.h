// What one can do with comments one at a time or in one go: add, import, get. Thread-safe.
#ifndef MARGINALIA_COMMENTS_SERVICE_THREAD_COMMENTS_H_
#define MARGINALIA_COMMENTS_SERVICE_THREAD_COMMENTS_H_

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

struct NewComment {
  std::string invoice_id;
  // Empty: one is made.
  std::string comment_id;
  std::string body;
  // user_ids.
  std::vector<std::string> mentions = {};
};

struct AddedComment {
  Comment comment;
  bool replayed = false;
  std::string consistency_token;
  Receipt receipt;
};

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

class Comments {
 public:
  // None is owned; all must outlive the use cases.
  Comments(Database& database, GroupCommit& writes, CommentWriter& writer, const EventLog& events,
           InvoiceLookup& invoices)
      : database_(database),
        writes_(writes),
        writer_(writer),
        events_(events),
        invoices_(invoices) {}

  // Adds a comment of the caller, or finds that it has been added before.
  void Add(const CallContext& call, NewComment request, Answer<AddedComment> answer);

  // Adds comments of others and closes their thread, all or nothing. What is there already is
  // counted, not added.
  void Import(const CallContext& call, NewImport request, Answer<ImportOutcome> answer);

  void Get(const CallContext& call, std::string invoice_id, std::string comment_id,
           Answer<Comment> answer);

 private:
  struct Addition;
  struct ImportRun;
  absl::Status Write(Connection& connection, Addition& addition);
  absl::Status Write(Connection& connection, ImportRun& run);
  absl::Status CheckAgainstStored(Connection& connection, ImportRun& run);
  absl::Status CheckClosing(Connection& connection, ImportRun& run);
  std::string TokenAt(const Caller& caller, std::int64_t position) const;

  Database& database_;
  GroupCommit& writes_;
  CommentWriter& writer_;
  const EventLog& events_;
  InvoiceLookup& invoices_;
};

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_THREAD_COMMENTS_H_
