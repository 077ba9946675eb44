// A tenant's newest comments, of all threads or of those that mention the caller. Thread-safe.
#ifndef MARGINALIA_COMMENTS_SERVICE_THREAD_RECENT_LISTING_H_
#define MARGINALIA_COMMENTS_SERVICE_THREAD_RECENT_LISTING_H_

#include <cstdint>
#include <string>

#include "comments-service/call_context.h"
#include "comments-service/thread/thread_pages.h"
#include "services/events/log/event_log.h"
#include "services/storage/database.h"

namespace marginalia {

struct RecentPageRequest {
  std::int32_t page_size = 0;
  std::string page_token;
  // Only comments that mention the caller.
  bool mentioning_me = false;
};

class RecentListing {
 public:
  // Neither is owned.
  RecentListing(Database& database, const EventLog& events)
      : database_(database), events_(events) {}

  // The answer is an encoded ListRecentCommentsResponse, with how far the caller has read.
  void List(const CallContext& call, RecentPageRequest request, Answer<EncodedPage> answer);

 private:
  struct Query;
  EncodedPage Page(Connection& connection, const Query& query) const;

  Database& database_;
  const EventLog& events_;
};

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_THREAD_RECENT_LISTING_H_
