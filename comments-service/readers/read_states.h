// How far each reader has read which threads. A mark is written only when it moves, together with
// whatever else is being committed, and it is nobody else's: it stands in no event, no audit entry
// and no page that callers share. Thread-safe.
#ifndef MARGINALIA_COMMENTS_SERVICE_READERS_READ_STATES_H_
#define MARGINALIA_COMMENTS_SERVICE_READERS_READ_STATES_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "comments-service/call_context.h"
#include "comments-service/invoices/invoice_lookup.h"
#include "comments-service/readers/read_state.h"
#include "services/storage/database.h"
#include "services/storage/group/group_commit.h"

namespace marginalia {

inline constexpr std::size_t kReadStatesMax = 100;

class ReadStates {
 public:
  // None is owned; all must outlive the use cases.
  ReadStates(Database& database, GroupCommit& writes, InvoiceLookup& invoices)
      : database_(database), writes_(writes), invoices_(invoices) {}

  // The caller has seen the thread up to `sequence`.
  void Mark(const CallContext& call, std::string invoice_id, std::int64_t sequence,
            Answer<ReadState> answer);

  // Of 1 to kReadStatesMax invoices, in their order.
  void Get(const CallContext& call, std::vector<std::string> invoice_ids,
           Answer<std::vector<ReadState>> answer);

 private:
  void Read(const CallContext& call, std::vector<std::string> invoice_ids,
            Answer<std::vector<ReadState>> answer);

  Database& database_;
  GroupCommit& writes_;
  InvoiceLookup& invoices_;
};

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_READERS_READ_STATES_H_
