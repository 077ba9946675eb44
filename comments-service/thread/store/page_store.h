// Comments as pages of rows: of a thread, of a tenant, and the length of every thread. Each
// function runs one prepared statement on the connection that it is given and throws what SOCI
// throws. The rows belong to the connection: they last until the same function is called on it
// again.
#ifndef MARGINALIA_COMMENTS_SERVICE_THREAD_STORE_PAGE_STORE_H_
#define MARGINALIA_COMMENTS_SERVICE_THREAD_STORE_PAGE_STORE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "comments-service/thread/store/thread_span.h"
#include "comments-service/thread/wire/comment_wire.h"
#include "services/storage/connection/connection.h"

namespace marginalia {

// Column by column, as SOCI reads several rows at once.
struct ThreadRows {
  std::vector<std::int64_t> sequences;
  std::vector<std::string> comment_ids;
  std::vector<std::string> author_ids;
  std::vector<std::string> author_names;
  std::vector<std::string> bodies;
  std::vector<std::int64_t> create_times;
  std::vector<std::int64_t> revisions;
  std::vector<std::int64_t> edit_times;
  std::vector<std::int64_t> removal_times;
  std::vector<std::string> remover_ids;
  std::vector<std::string> remover_names;
  std::vector<std::string> removal_reasons;
  std::vector<std::int64_t> erased;
  std::vector<std::string> mentions;

  explicit ThreadRows(std::size_t size) { Resize(size); }
  void Resize(std::size_t size);
  std::size_t size() const { return sequences.size(); }
  CommentView View(std::size_t row, std::string_view invoice_id) const;
};

// Shows the comments of the span, newest first; each is seen until the next one is.
void ReadThreadSpan(Connection& connection, const ThreadRef& thread, const ThreadSpan& span,
                    absl::FunctionRef<void(const CommentView&)> show);

struct RecentRows {
  // Of the comments' events and audit entries.
  std::vector<std::int64_t> positions;
  std::vector<std::string> invoice_ids;
  ThreadRows comments{0};

  std::size_t size() const { return positions.size(); }
  CommentView View(std::size_t row) const { return comments.View(row, invoice_ids[row]); }
};

// Up to `limit` comments of the tenant from before `position`, newest first.
const RecentRows& ReadOlderRecentComments(Connection& connection, std::string_view org_id,
                                          std::int64_t position, int limit);

// Up to `limit` comments of the tenant from after `position`, oldest first.
const RecentRows& ReadNewerRecentComments(Connection& connection, std::string_view org_id,
                                          std::int64_t position, int limit);

// The same of those that mention somebody.
const RecentRows& ReadOlderMentions(Connection& connection, std::string_view org_id,
                                    std::string_view user_id, std::int64_t position, int limit);
const RecentRows& ReadNewerMentions(Connection& connection, std::string_view org_id,
                                    std::string_view user_id, std::int64_t position, int limit);

struct ThreadCountRows {
  std::vector<std::string> org_ids;
  std::vector<std::string> invoice_ids;
  // Of comments that are not removed.
  std::vector<std::int64_t> counts;
  std::vector<std::int64_t> last_comment_times;
  std::vector<std::string> last_author_names;
  std::vector<std::int64_t> resolved;
  std::vector<std::int64_t> state_times;  // 0: never
  std::vector<std::int64_t> revisions;

  std::size_t size() const { return org_ids.size(); }
};

// Up to `limit` threads of all tenants behind (org_id, invoice_id), in that order.
const ThreadCountRows& ReadThreadCounts(Connection& connection, std::string_view org_id,
                                        std::string_view invoice_id, int limit);
// Up to `limit` threads of one tenant behind invoice_id, in that order.
const ThreadCountRows& ReadThreadCountsOf(Connection& connection, std::string_view org_id,
                                          std::string_view invoice_id, int limit);

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_THREAD_STORE_PAGE_STORE_H_
