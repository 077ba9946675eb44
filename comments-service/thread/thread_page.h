// A page of a thread, encoded: from what is known of the thread in memory, or from its rows. Free
// functions, thread-safe.
#ifndef MARGINALIA_COMMENTS_SERVICE_THREAD_THREAD_PAGE_H_
#define MARGINALIA_COMMENTS_SERVICE_THREAD_THREAD_PAGE_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "comments-service/thread/page_cursor.h"
#include "comments-service/thread/thread_blocks.h"
#include "comments-service/thread/thread_pages.h"
#include "services/storage/connection/connection.h"

namespace marginalia {

inline constexpr std::string_view kThreadListing = "ListComments";

struct ThreadPageQuery {
  std::string org_id;
  // As threads are stored under.
  std::string invoice_id;
  int page_size = 0;
  // As the caller sent it, and where it leads.
  std::string page_token;
  PageCursor cursor;

  ThreadRef thread() const { return {org_id, invoice_id}; }
  ThreadPageKey key() const { return {org_id, invoice_id, page_size}; }
};

// What stands on the page of a thread with so many places.
ThreadSpan SpanOf(const PageCursor& cursor, int page_size, std::int64_t place_count);

// The page as an encoded ListCommentsResponse, put together from memory; null when not all of it is
// there. As current as the one who tells the blocks of writes.
EncodedPage PageFromBlocks(ThreadBlocks& blocks, const ThreadPageQuery& query);

// What may be taken from memory for a page that a snapshot is read for, and be kept there.
struct BlocksOfSnapshot {
  ThreadBlocks& blocks;
  // From before the snapshot.
  ThreadBlocks::Version version;
  // False: the blocks have not been told of all that the snapshot shows, and do not fit to it.
  bool told = false;
};

// The same page as `connection`'s snapshot shows it. `memory` is null for a page that is kept
// elsewhere. `consistency_token` makes that of the snapshot, where none is in memory that says no
// less.
EncodedPage ReadThreadPage(Connection& connection, const ThreadPageQuery& query,
                           absl::FunctionRef<std::string()> consistency_token,
                           const BlocksOfSnapshot* memory);

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_THREAD_THREAD_PAGE_H_
