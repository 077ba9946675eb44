// Compares a retained event with the entry of the same transaction, and with what that entry has
// been proven to say: watchers are told what events say. Each function returns what completes the
// sentence "the comment …" or "the entry …", empty when nothing differs.
#ifndef MARGINALIA_COMMENTS_SERVICE_VERIFICATION_EVENT_CHECK_H_
#define MARGINALIA_COMMENTS_SERVICE_VERIFICATION_EVENT_CHECK_H_

#include <string_view>

#include "comments-service/verification/log_rows.h"
#include "comments-service/verification/thread_follower.h"
#include "comments-service/verification/thread_rows.h"

namespace marginalia {

// What an event is compared with. All is of the same snapshot and has been checked.
struct EventTruth {
  const StoredEntry& entry;
  // The comment as it is now; null: it is about the thread.
  const StoredContent* comment = nullptr;
  // The revision that the entry tells of, where it is kept; null: the comment never changed.
  const StoredRevision* revision = nullptr;
  // The thread after it; null: it is followed in another round.
  const FollowedThread* thread = nullptr;
};

// The event as watchers are told it, of one that leaves the rest to its comment; one that cannot be
// completed stays as it is.
StoredEvent Completed(const StoredEvent& event, const EventTruth& truth);

// Reads the comments that the event says were its thread's last, on `connection`; throws what SOCI
// throws. Not compared are mentions, and of event_time, which no entry has, only that it is no
// later than its entry's.
std::string_view EventDiffers(Connection& connection, const StoredEvent& event,
                              const EventTruth& truth);

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_VERIFICATION_EVENT_CHECK_H_
