// What the threads show, as rows: comments with their kept revisions, places and ids, and the state
// of each thread. VerifyAuditLog compares it with what the logs say (log_rows). Every read is of
// one tenant, goes along a key and is bounded by its caller. Each function runs one prepared
// statement on the connection that it is given and throws what SOCI throws. Salts are bytes, times
// microseconds since 1970.
#ifndef MARGINALIA_COMMENTS_SERVICE_VERIFICATION_THREAD_ROWS_H_
#define MARGINALIA_COMMENTS_SERVICE_VERIFICATION_THREAD_ROWS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "services/storage/connection/connection.h"

namespace marginalia {

// A comment as it is now.
struct StoredContent {
  std::int64_t position = 0;
  std::string comment_id;
  std::string invoice_id;
  std::string author_id;
  std::string author_name;
  std::string body;
  std::string body_salt;
  std::int64_t create_time = 0;
  std::int64_t sequence = 0;
  std::int64_t revision = 0;
  // Here and below 0: never.
  std::int64_t edit_time = 0;
  std::int64_t removal_time = 0;
  std::string remover_id;
  std::string remover_name;
  std::string removal_reason;
  std::int64_t erased = 0;
  std::int64_t change_position = 0;
};

// Up to `limit` comments after `after`, up to and including `last`, in order.
std::vector<StoredContent> ReadContents(Connection& connection, std::string_view org_id,
                                        std::int64_t after, std::int64_t last, std::int64_t limit);
// By its id, as the table of ids has it. A text that is no UUID is no comment's.
std::optional<StoredContent> FindContent(Connection& connection, std::string_view org_id,
                                         std::string_view comment_id);

struct StoredRevision {
  std::int64_t revision = 0;
  std::string body;
  std::string body_salt;
  std::string editor_id;
  std::string editor_name;
  std::int64_t time = 0;
  std::int64_t event_position = 0;
  std::int64_t erased = 0;
};

// Up to `limit` kept revisions of the comment at `position` from the revision `first` on, in order.
std::vector<StoredRevision> ReadStoredRevisions(Connection& connection, std::string_view org_id,
                                                std::int64_t position, std::int64_t first,
                                                std::int64_t limit);
std::optional<StoredRevision> FindStoredRevision(Connection& connection, std::string_view org_id,
                                                 std::int64_t position, std::int64_t revision);
// The first comment after `after`, up to `last`, that has kept revisions and is neither changed nor
// removed, or is not there; 0 when there is none.
std::int64_t FirstForgedRevision(Connection& connection, std::string_view org_id,
                                 std::int64_t after, std::int64_t last);

// A place in a thread, and the comment that stands there.
struct StoredPlace {
  std::string invoice_id;
  std::int64_t sequence = 0;
  std::int64_t position = 0;
  // Of the comment at `position`; nothing when there is none.
  std::string comment_id;
  std::string comment_invoice_id;
  std::int64_t comment_sequence = 0;
  std::int64_t create_time = 0;
  std::string author_name;
};

// Up to `limit` places from the one named on, which is one of them unless `after`, in the order of
// invoices and sequences.
std::vector<StoredPlace> ReadPlaces(Connection& connection, std::string_view org_id,
                                    std::string_view invoice_id, std::int64_t sequence, bool after,
                                    std::int64_t limit);

struct StoredThread {
  std::string invoice_id;
  std::int64_t change_count = 0;
  std::int64_t removed_count = 0;
  std::int64_t resolved = 0;
  std::int64_t state_time = 0;
  std::string state_actor_id;
  std::string state_actor_name;
  // Of its first comment; 0 when it has none.
  std::int64_t first_position = 0;
};

// Up to `limit` threads from `invoice_id` on, which is one of them unless `after`.
std::vector<StoredThread> ReadStoredThreads(Connection& connection, std::string_view org_id,
                                            std::string_view invoice_id, bool after,
                                            std::int64_t limit);

// An id of a comment as its two halves, and the comment at its position.
struct StoredId {
  std::int64_t high = 0;
  std::int64_t low = 0;
  std::int64_t position = 0;
  // Empty when there is none.
  std::string comment_id;
};

// Up to `limit` ids from the one named on, which is one of them unless `after`.
std::vector<StoredId> ReadStoredIds(Connection& connection, std::string_view org_id,
                                    std::int64_t high, std::int64_t low, bool after,
                                    std::int64_t limit);

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_VERIFICATION_THREAD_ROWS_H_
