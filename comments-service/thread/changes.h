// What one can do to comments that are there: edit, remove, erase. Each change is one write of a
// group: rows, audit entry and event. Thread-safe.
#ifndef MARGINALIA_COMMENTS_SERVICE_THREAD_CHANGES_H_
#define MARGINALIA_COMMENTS_SERVICE_THREAD_CHANGES_H_

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "comments-service/call_context.h"
#include "comments-service/invoices/invoice_lookup.h"
#include "comments-service/thread/change_writes.h"
#include "comments-service/thread/comment.h"
#include "comments-service/thread/comment_writer.h"
#include "services/events/log/event_log.h"
#include "services/storage/group/group_commit.h"

namespace marginalia {

inline constexpr absl::Duration kEditWindowDefault = absl::Hours(24);

struct NewEdit : ChangeRequest {
  std::string comment_id;
  std::string body;
  // user_ids.
  std::vector<std::string> mentions;
};

struct NewRemoval : ChangeRequest {
  std::string comment_id;
  std::string reason;
};

struct NewErasure : ChangeRequest {
  std::string comment_id;
  std::string reason;
};

struct EditedComment : ChangeOutcome {
  Comment comment;
};
struct RemovedComment : ChangeOutcome {
  Comment comment;
};
struct ErasedComment : ChangeOutcome {
  Comment comment;
};

class Changes {
 public:
  // None is owned; all must outlive the use cases. An author may edit and remove a comment for
  // `edit_window` after it was written: zero never, infinite always.
  Changes(GroupCommit& writes, CommentWriter& writer, const EventLog& events,
          InvoiceLookup& invoices, absl::Duration edit_window)
      : writes_(writes),
        writer_(writer),
        change_writes_(writes, writer, events, invoices),
        edit_window_(edit_window) {}

  void Edit(const CallContext& call, NewEdit request, Answer<EditedComment> answer);
  void Remove(const CallContext& call, NewRemoval request, Answer<RemovedComment> answer);
  // Answers when no text of the comment is left, on SQLite in the write-ahead log either: one that
  // was erased and could not be answered so is completed by a repetition.
  void Erase(const CallContext& call, NewErasure request, Answer<ErasedComment> answer);

 private:
  struct EditRun;
  struct RemovalRun;
  struct ErasureRun;

  absl::Status Write(Connection& connection, EditRun& run);
  absl::Status Write(Connection& connection, RemovalRun& run);
  absl::Status Write(Connection& connection, ErasureRun& run);
  // Whether somebody may still change what he has said.
  absl::Status CheckWindow(const Comment& comment, absl::Time now) const;

  GroupCommit& writes_;
  CommentWriter& writer_;
  ChangeWrites change_writes_;
  const absl::Duration edit_window_;
};

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_THREAD_CHANGES_H_
