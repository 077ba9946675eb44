// What one can do to comments that are there and to a thread: edit, remove, erase, resolve, reopen.
// Each change is one write of a group: rows, audit entry and event. Thread-safe.
#ifndef MARGINALIA_COMMENTS_SERVICE_THREAD_CHANGES_H_
#define MARGINALIA_COMMENTS_SERVICE_THREAD_CHANGES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "comments-service/call_context.h"
#include "comments-service/invoices/invoice_lookup.h"
#include "comments-service/thread/comment.h"
#include "comments-service/thread/comment_writer.h"
#include "services/events/log/event_log.h"
#include "services/storage/group/group_commit.h"

namespace marginalia {

inline constexpr absl::Duration kEditWindowDefault = absl::Hours(24);

// What all changes have in common.
struct ChangeRequest {
  std::string invoice_id;
  // Of the comment or of the thread, as the caller knows it; empty: whatever it is now.
  std::string etag;
  // The caller's UUID for this change: the same one again is the same change. Empty: none.
  std::string change_id;
};

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

struct ChangeOutcome {
  // It was so already: nothing was written.
  bool replayed = false;
  std::string consistency_token;
  // None when nothing was ever written.
  std::optional<Receipt> receipt;
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
struct SettledThread : ChangeOutcome {
  std::string invoice_id;
  Thread thread;
  std::optional<Comment> comment;
};
struct ResolvedThread : SettledThread {};
struct ReopenedThread : SettledThread {};

class Changes {
 public:
  // None is owned; all must outlive the use cases. An author may edit and remove a comment for
  // `edit_window` after it was written: zero never, infinite always.
  Changes(GroupCommit& writes, CommentWriter& writer, const EventLog& events,
          InvoiceLookup& invoices, absl::Duration edit_window)
      : writes_(writes),
        writer_(writer),
        events_(events),
        invoices_(invoices),
        edit_window_(edit_window) {}

  void Edit(const CallContext& call, NewEdit request, Answer<EditedComment> answer);
  void Remove(const CallContext& call, NewRemoval request, Answer<RemovedComment> answer);
  // Answers when no text of the comment is left, on SQLite in the write-ahead log either: one that
  // was erased and could not be answered so is completed by a repetition.
  void Erase(const CallContext& call, NewErasure request, Answer<ErasedComment> answer);
  void Resolve(const CallContext& call, NewSettlement request, Answer<ResolvedThread> answer);
  void Reopen(const CallContext& call, NewSettlement request, Answer<ReopenedThread> answer);

 private:
  template <class Request, class Result>
  struct ChangeRun;
  struct EditRun;
  struct RemovalRun;
  struct ErasureRun;
  struct SettlementRun;
  // Finds the invoice, has the run written, and answers with what came of it.
  template <class Run, class Result>
  void Submit(const CallContext& call, std::shared_ptr<Run> run, Answer<Result> answer);
  template <class Result>
  void Settle(const CallContext& call, NewSettlement request, Answer<Result> answer);

  absl::Status Write(Connection& connection, EditRun& run);
  absl::Status Write(Connection& connection, RemovalRun& run);
  absl::Status Write(Connection& connection, ErasureRun& run);
  absl::Status Write(Connection& connection, SettlementRun& run);
  // Whether somebody may still change what he has said.
  absl::Status CheckWindow(const Comment& comment, absl::Time now) const;

  GroupCommit& writes_;
  CommentWriter& writer_;
  const EventLog& events_;
  InvoiceLookup& invoices_;
  const absl::Duration edit_window_;
};

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_THREAD_CHANGES_H_
