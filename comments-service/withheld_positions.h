// Positions are of the log of all tenants: their gaps tell what others write. Who acts for one
// tenant is shown numbers, which are its own. Pure functions, thread-safe.
#ifndef MARGINALIA_COMMENTS_SERVICE_WITHHELD_POSITIONS_H_
#define MARGINALIA_COMMENTS_SERVICE_WITHHELD_POSITIONS_H_

#include "marginalia/comments/v1/comments_service.pb.h"
#include "services/identity/caller.h"

namespace marginalia {

// Takes out of an answer what `caller` is not to see; most answers have nothing of it.
template <class Response>
void WithholdPositions(const Caller& caller, Response& response) {
  if (caller.acts_for_all_tenants()) return;
  if constexpr (requires { response.mutable_receipt(); }) {
    if (response.has_receipt()) response.mutable_receipt()->clear_position();
  }
}

// An entry of format 1 keeps its position, which its hash covers.
inline void WithholdPositions(const Caller& caller,
                              comments::v1::ListAuditEntriesResponse& response) {
  if (caller.acts_for_all_tenants()) return;
  for (comments::v1::AuditEntry& entry : *response.mutable_entries()) {
    if (entry.format() != 1) entry.clear_position();
  }
}

// What was found is named by its number.
inline void WithholdPositions(const Caller& caller,
                              comments::v1::VerifyAuditLogResponse& response) {
  if (!caller.acts_for_all_tenants()) response.clear_first_broken_position();
}

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_WITHHELD_POSITIONS_H_
