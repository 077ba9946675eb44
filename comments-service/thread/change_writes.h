// What changes of a comment and of a thread have in common: what is asked, what is answered, and
// the way from the one to the other. Thread-safe.
#ifndef MARGINALIA_COMMENTS_SERVICE_THREAD_CHANGE_WRITES_H_
#define MARGINALIA_COMMENTS_SERVICE_THREAD_CHANGE_WRITES_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "comments-service/call_context.h"
#include "comments-service/invoices/invoice_lookup.h"
#include "comments-service/thread/comment_writer.h"
#include "comments-service/thread/provenance.h"
#include "comments-service/thread/store/change_store.h"
#include "comments-service/thread/store/comment_store.h"
#include "services/events/log/event_log.h"
#include "services/storage/group/group_commit.h"
#include "services/tokens/consistency_token.h"

namespace marginalia {

struct ChangeRequest {
  std::string invoice_id;
  // Of the comment or of the thread, as the caller knows it; empty: whatever it is now.
  std::string etag;
  // The caller's UUID for this change: the same one again is the same change. Empty: none.
  std::string change_id;
};

struct ChangeOutcome {
  // It was so already: nothing was written.
  bool replayed = false;
  std::string consistency_token;
  // None when nothing was ever written.
  std::optional<Receipt> receipt;
};

// A change under way: shared by the write, which may run more than once, and the answer.
template <class Request, class Result>
struct ChangeRun {
  Request request;
  Provenance provenance;
  Result result;
  std::int64_t seen = 0;  // the position that the answer includes
};

class ChangeWrites {
 public:
  template <class Run>
  using Write = absl::AnyInvocable<absl::Status(Connection&, Run&)>;

  // None is owned; all must outlive the answers.
  ChangeWrites(GroupCommit& writes, CommentWriter& writer, const EventLog& events,
               InvoiceLookup& invoices)
      : writes_(writes), writer_(writer), events_(events), invoices_(invoices) {}

  // Finds the invoice, writes, and answers with what came of it.
  template <class Run, class Result>
  void Submit(const CallContext& call, std::shared_ptr<Run> run, Write<Run> write,
              Answer<Result> answer);

 private:
  GroupCommit& writes_;
  CommentWriter& writer_;
  const EventLog& events_;
  InvoiceLookup& invoices_;
};

// Each makes it canonical: the name of a comment, and what a caller chose for something new.
// Errors: INVALID_FIELD.
absl::Status CanonicalizeCommentId(std::string& comment_id);
absl::Status CanonicalizeNewId(std::string_view field, std::string& id);
// There may be none. Errors: INVALID_FIELD.
absl::Status CheckChangeId(std::string& change_id);

absl::Status EtagMismatch(std::string_view what, const std::string& current);
absl::Status ChangeIdReused();

Receipt ReceiptOf(const StoredChange& change);
// Of what the tenant's log says at this position.
Receipt ReceiptAt(Connection& connection, std::string_view org_id, std::int64_t position);
// Of the newest change of a comment, or of its adding.
Receipt ReceiptOf(Connection& connection, std::string_view org_id, const StoredComment& stored);

template <class Run, class Result>
void ChangeWrites::Submit(const CallContext& call, std::shared_ptr<Run> run, Write<Run> write,
                          Answer<Result> answer) {
  run->provenance = ProvenanceOf(call, kActionAdded);
  std::string invoice_id = std::move(run->request.invoice_id);
  auto submit = [this, call, run, write = std::move(write),
                 answer = std::move(answer)](absl::StatusOr<std::string> found) mutable {
    if (!found.ok()) return answer(found.status());
    run->request.invoice_id = *std::move(found);
    writes_.Submit(
        call.deadline, Tenants::One(call.caller.org_id),
        [this, run] { writer_.ExpectChange(run->provenance.org_id, run->request.invoice_id); },
        [this, run, write = std::move(write)](Connection& connection) mutable {
          run->provenance.time = absl::Now();
          run->result = {};
          const absl::Status written = write(connection, *run);
          // Also what was there before is shown, with all that the group has written to it so far.
          run->seen = events_.next_position() - 1;
          return written;
        },
        [this, call, run, answer = std::move(answer)](const absl::Status& status) mutable {
          if (!status.ok()) return answer(status);
          run->result.consistency_token = MakeConsistencyToken(
              {.log_id = events_.id(), .position = run->seen}, TokenScope(call.caller));
          answer(Result{std::move(run->result)});
        });
  };
  invoices_.Find(call, std::move(invoice_id), std::move(submit));
}

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_THREAD_CHANGE_WRITES_H_
