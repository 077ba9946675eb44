// What one can do with a single comment: add it, get it. Thread-safe.
#ifndef MARGINALIA_COMMENTS_SERVICE_THREAD_COMMENTS_H_
#define MARGINALIA_COMMENTS_SERVICE_THREAD_COMMENTS_H_

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

  void Get(const CallContext& call, std::string invoice_id, std::string comment_id,
           Answer<Comment> answer);

 private:
  struct Addition;
  absl::Status Write(Connection& connection, Addition& addition);

  Database& database_;
  GroupCommit& writes_;
  CommentWriter& writer_;
  const EventLog& events_;
  InvoiceLookup& invoices_;
};

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_THREAD_COMMENTS_H_
