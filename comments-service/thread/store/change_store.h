// What changes of comments and threads write besides logs and revisions: what a comment shows now,
// the thread's row, and the callers' ids of changes; and whether a change that comes again was made
// already. Each function runs one prepared statement on the connection that it is given, inside its
// transaction, and throws what SOCI throws.
#ifndef MARGINALIA_COMMENTS_SERVICE_THREAD_STORE_CHANGE_STORE_H_
#define MARGINALIA_COMMENTS_SERVICE_THREAD_STORE_CHANGE_STORE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "comments-service/record/imported_reason.h"
#include "comments-service/thread/comment.h"
#include "comments-service/thread/store/comment_store.h"
#include "comments-service/thread/thread.h"
#include "services/storage/connection/connection.h"

namespace marginalia {

// Makes the comment at `position` show what `comment` has: body, revision, times, removal.
void UpdateComment(Connection& connection, std::string_view org_id, std::int64_t position,
                   const Comment& comment, std::string_view body_salt,
                   std::int64_t change_position);

// What the entry that added a comment says of how it was imported.
struct StoredAddition {
  // Empty: it was written here, or imported before there were reasons.
  std::string reason;
  // Of its removal, where it was imported as removed.
  std::optional<RecordedName> remover_name = std::nullopt;
  // Whether it was imported with a text.
  bool has_content = false;
};
std::optional<StoredAddition> FindAddition(Connection& connection, std::string_view org_id,
                                           std::int64_t position);

// The name of who closed the thread, as the entry of the import that closed it has it: at `time` by
// the person with `actor_id`. Nothing when none did.
std::optional<RecordedName> FindClosing(Connection& connection, std::string_view org_id,
                                        std::string_view invoice_id, absl::Time time,
                                        std::string_view actor_id);

// Stores all of the thread that is not derived.
void StoreThread(Connection& connection, std::string_view org_id, std::string_view invoice_id,
                 const Thread& thread);

// Whether the thread was resolved when the entry at `position` was written.
bool WasResolvedBefore(Connection& connection, std::string_view org_id, std::string_view invoice_id,
                       std::int64_t position);

// What a change was, by its id: its entry in the audit log, and the comment that was said with it.
// Of a resolving or reopening that found the thread so already and wrote its words alone, that is
// the comment's entry.
struct StoredChange {
  std::int64_t position = 0;
  std::string action;
  std::string actor_id;
  std::string invoice_id;
  std::string comment_id;
  std::int64_t revision = 0;
  std::string reason;
  std::int64_t number = 0;
  std::string hash;
  // 0: none.
  std::int64_t comment_position = 0;

  bool is_words_alone() const { return comment_position == position; }
};
std::optional<StoredChange> FindChange(Connection& connection, std::string_view org_id,
                                       std::string_view change_id);
void InsertChangeId(Connection& connection, std::string_view org_id, std::string_view change_id,
                    std::int64_t position, std::int64_t comment_position);

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_THREAD_STORE_CHANGE_STORE_H_
