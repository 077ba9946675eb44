// A thread, page by page, and what is known of it as a whole. Pages come out encoded, ready to
// send. Thread-safe.
#ifndef MARGINALIA_COMMENTS_SERVICE_THREAD_COMMENT_LISTING_H_
#define MARGINALIA_COMMENTS_SERVICE_THREAD_COMMENT_LISTING_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "comments-service/call_context.h"
#include "comments-service/invoices/invoice_lookup.h"
#include "comments-service/thread/page_cursor.h"
#include "comments-service/thread/thread.h"
#include "comments-service/thread/thread_pages.h"
#include "services/events/log/event_feed.h"

namespace marginalia {

// How far a page from memory may be behind other replicas' writes, for a reader without a token.
inline constexpr absl::Duration kPageAgeMax = absl::Milliseconds(100);

// Stands for the id of whichever comment is the first of its thread.
inline constexpr std::string_view kFirstComment = "first";

struct ThreadPageRequest {
  std::string invoice_id;
  std::int32_t page_size = 0;
  std::string page_token;
  // A consistency token whose write the answer must include; empty: none in particular.
  std::string at_least_as_fresh;
  // The page in whose middle this comment stands, or the first one where this is kFirstComment;
  // empty: the one that page_token leads to.
  std::string around_comment_id;
};

struct ThreadRequest {
  std::string invoice_id;
  std::string at_least_as_fresh;
};

struct ThreadAnswer {
  std::string invoice_id;
  Thread thread;
};

class CommentListing {
 public:
  // The feed outdates the pages when other processes write to the database too. None is owned.
  CommentListing(Database& database, const EventFeed& feed, InvoiceLookup& invoices,
                 ThreadPages& pages)
      : database_(database), feed_(feed), events_(feed.log()), invoices_(invoices), pages_(pages) {}

  // The answer is an encoded ListCommentsResponse.
  void ListThread(const CallContext& call, ThreadPageRequest request, Answer<EncodedPage> answer);

  void GetThread(const CallContext& call, ThreadRequest request, Answer<ThreadAnswer> answer);

 private:
  struct ThreadQuery;
  bool IsCurrent(std::int64_t at_least) const;
  EncodedPage CachedPage(const CallContext& call, std::string_view invoice_id, int page_size,
                         std::int64_t at_least) const;
  EncodedPage WholePage(const ThreadQuery& query) const;
  EncodedPage KnownPage(const ThreadQuery& query) const;
  void ReadThread(const CallContext& call, ThreadQuery query, Answer<EncodedPage> answer);

  Database& database_;
  const EventFeed& feed_;
  const EventLog& events_;
  InvoiceLookup& invoices_;
  ThreadPages& pages_;
};

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_THREAD_COMMENT_LISTING_H_
