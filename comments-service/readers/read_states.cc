#include "comments-service/readers/read_states.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "comments-service/readers/read_mark_store.h"
#include "comments-service/thread/comment.h"
#include "services/errors/errors.h"
#include "services/storage/read_value.h"

namespace marginalia {

void ReadStates::Read(const CallContext& call, std::vector<std::string> invoice_ids,
                      Answer<std::vector<ReadState>> answer) {
  ReadValueThen(
      database_, call.deadline, Tenants::One(call.caller.org_id),
      [org_id = call.caller.org_id, user_id = call.caller.user_id,
       invoice_ids = std::move(invoice_ids)](Connection& connection) {
        return ReadReadStates(connection, org_id, user_id, invoice_ids);
      },
      std::move(answer));
}

void ReadStates::Get(const CallContext& call, std::vector<std::string> invoice_ids,
                     Answer<std::vector<ReadState>> answer) {
  if (invoice_ids.empty() || invoice_ids.size() > kReadStatesMax) {
    return answer(
        InvalidField("invoice_ids", absl::StrCat("must be 1 to ", kReadStatesMax, " invoices")));
  }
  for (std::size_t i = 0; i < invoice_ids.size(); ++i) {
    const absl::Status checked = CheckInvoiceId(invoice_ids[i]);
    if (!checked.ok()) return answer(InField(absl::StrCat("invoice_ids[", i, "]"), checked));
  }
  Read(call, std::move(invoice_ids), std::move(answer));
}

void ReadStates::Mark(const CallContext& call, std::string invoice_id, std::int64_t sequence,
                      Answer<ReadState> answer) {
  if (sequence < 1) return answer(InvalidField("sequence", "must be 1 or more"));
  auto write = [this, call, sequence, answer = std::move(answer)](
                   std::string thread, absl::StatusOr<std::vector<ReadState>> states) mutable {
    if (!states.ok()) return answer(states.status());
    const ReadState& state = states->front();
    const std::int64_t mark = std::min(sequence, state.newest_sequence);
    if (mark <= state.read_sequence) return answer(state);
    // A thread never loses a place, so what bounded the mark still does when it is written.
    writes_.Submit(
        call.deadline, Tenants::One(call.caller.org_id),
        [org_id = call.caller.org_id, user_id = call.caller.user_id, thread,
         mark](Connection& connection) {
          RaiseReadMark(connection, org_id, user_id, thread, mark);
          return absl::OkStatus();
        },
        [this, call, thread, answer = std::move(answer)](const absl::Status& status) mutable {
          if (!status.ok()) return answer(status);
          Read(call, {thread},
               [answer = std::move(answer)](absl::StatusOr<std::vector<ReadState>> after) mutable {
                 if (!after.ok()) return answer(after.status());
                 answer(std::move(after->front()));
               });
        });
  };
  invoices_.Find(
      call, std::move(invoice_id),
      [this, call, write = std::move(write)](absl::StatusOr<std::string> thread) mutable {
        if (!thread.ok()) return write("", thread.status());
        Read(call, {*thread},
             [thread = *thread,
              write = std::move(write)](absl::StatusOr<std::vector<ReadState>> states) mutable {
               write(std::move(thread), std::move(states));
             });
      });
}

}  // namespace marginalia
