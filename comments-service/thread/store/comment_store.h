// The comments as rows: writing them, and finding them. Each function runs one prepared statement
// on the connection that it is given, inside its transaction, or leaves its rows to one
// (RowInsert); it throws what SOCI throws.
#ifndef MARGINALIA_COMMENTS_SERVICE_THREAD_STORE_COMMENT_STORE_H_
#define MARGINALIA_COMMENTS_SERVICE_THREAD_STORE_COMMENT_STORE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "comments-service/thread/comment.h"
#include "comments-service/thread/thread.h"
#include "services/storage/connection/connection.h"

namespace marginalia {

struct StoredComment {
  Comment comment;
  // Of its event and audit entry.
  std::int64_t position = 0;
  // Of the newest change's; 0: it never changed.
  std::int64_t change_position = 0;
};

// A canonical UUID as two integers: a third of the text's bytes, so thrice the ids on a page.
struct UuidHalves {
  std::int64_t high = 0;
  std::int64_t low = 0;
};
UuidHalves HalvesOf(std::string_view uuid);

Thread ReadThread(Connection& connection, std::string_view org_id, std::string_view invoice_id);

struct TenantThread {
  std::string org_id;
  std::string invoice_id;
};

// Asks for those of the threads that have a row, of any tenants; `found` is called for each with
// the connection's next answers (Connection::Ask). PostgreSQL only.
void AskForThreads(Connection& connection, const std::vector<TenantThread>& threads,
                   std::function<void(const TenantThread&, Thread)> found);

std::optional<StoredComment> FindComment(Connection& connection, std::string_view org_id,
                                         std::string_view comment_id);

struct TenantCommentId {
  std::string org_id;
  std::string comment_id;
};

// Asks which of the ids belong to comments; `found` is given their indices as above. PostgreSQL
// only.
void AskForTakenIds(Connection& connection, const std::vector<TenantCommentId>& ids,
                    std::function<void(const std::vector<std::size_t>&)> found);

// Reserves the id within the tenant for the comment that will stand at `position`. False, with
// nothing written, when it is taken.
bool ClaimCommentId(Connection& connection, std::string_view org_id, std::string_view comment_id,
                    std::int64_t position);

// The same for an id that is known not to be taken; on PostgreSQL together with others of the
// group.
void InsertCommentId(Connection& connection, std::string_view org_id, std::string_view comment_id,
                     std::int64_t position);

// Stores the comment at `position`, with the salt of its body, and its place in its thread.
void InsertComment(Connection& connection, std::string_view org_id, const Comment& comment,
                   std::int64_t position, std::string_view body_salt);

// Does nothing when the thread has its row already.
void InsertThread(Connection& connection, std::string_view org_id, std::string_view invoice_id);

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_THREAD_STORE_COMMENT_STORE_H_
