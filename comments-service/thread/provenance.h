// Where a write comes from: who made it, by which request, when, and whether here or by an import.
// What the record says besides what was written.
#ifndef MARGINALIA_COMMENTS_SERVICE_THREAD_PROVENANCE_H_
#define MARGINALIA_COMMENTS_SERVICE_THREAD_PROVENANCE_H_

#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "comments-service/call_context.h"
#include "comments-service/thread/comment.h"

namespace marginalia {

struct Provenance {
  std::string org_id;
  Author actor;
  // Of the comments that it adds: kActionAdded or kActionImported.
  std::string_view action;
  std::string request_id;
  // When the write runs, which may be more than once.
  absl::Time time;
};

// The time is not known yet.
inline Provenance ProvenanceOf(const CallContext& call, std::string_view action) {
  return {.org_id = call.caller.org_id,
          .actor = AuthorOf(call.caller),
          .action = action,
          .request_id = std::string(call.request_id),
          .time = absl::Time()};
}

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_THREAD_PROVENANCE_H_
