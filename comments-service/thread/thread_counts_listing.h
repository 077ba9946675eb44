// How long every thread is and where it stands: what projections are built from. Thread-safe.
#ifndef MARGINALIA_COMMENTS_SERVICE_THREAD_THREAD_COUNTS_LISTING_H_
#define MARGINALIA_COMMENTS_SERVICE_THREAD_THREAD_COUNTS_LISTING_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "comments-service/call_context.h"
#include "services/events/log/event_log.h"
#include "services/storage/database.h"

namespace marginalia {

inline constexpr int kThreadCountsPageMax = 1000;

struct ThreadCountsRequest {
  std::int32_t page_size = 0;
  std::string page_token;
};

struct ThreadCount {
  std::string org_id;
  std::string invoice_id;
  std::int64_t comment_count = 0;
  // InfinitePast: never, as of Thread.
  absl::Time last_comment_time;
  std::string last_author_name;
  bool resolved = false;
  absl::Time state_time;
  std::int64_t revision = 0;
};

struct ThreadCountsPage {
  std::vector<ThreadCount> counts;
  std::string next_page_token;
  std::string as_of_token;
};

class ThreadCountsListing {
 public:
  // Neither is owned.
  ThreadCountsListing(Database& database, const EventLog& events)
      : database_(database), events_(events) {}

  // Of the caller's tenant, or of all. Every page carries the token of the first one's snapshot.
  void List(const CallContext& call, ThreadCountsRequest request, Answer<ThreadCountsPage> answer);

 private:
  struct Query;
  ThreadCountsPage Page(Connection& connection, const Query& query) const;

  Database& database_;
  const EventLog& events_;
};

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_THREAD_THREAD_COUNTS_LISTING_H_
