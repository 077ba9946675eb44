#include "comments-service/thread/comment_listing.h"

#include <algorithm>
#include <utility>

#include "comments-service/thread/comment_lookup.h"
#include "comments-service/thread/store/page_store.h"
#include "comments-service/thread/thread_page.h"
#include "services/errors/errors.h"
#include "services/process/stopwatch.h"
#include "services/storage/read_value.h"
#include "services/tokens/consistency_token.h"
#include "services/tokens/page_token.h"

namespace marginalia {

struct CommentListing::ThreadQuery : ThreadPageQuery {
  std::string scope;
  // A comment's id, or kFirstComment; empty: the cursor says which page.
  std::string around;
  std::int64_t at_least = 0;  // the position that the snapshot must have reached

  bool newest() const { return around.empty() && cursor.from == PageCursor{}.from; }
};

namespace {

// Leads to the page of `size` places in whose middle `sequence` stands. At the oldest end it begins
// further up, so that it is full; at the newest, what there is fills it.
PageCursor CursorAround(std::int64_t sequence, int size) {
  const std::int64_t newer = size / 2;
  return {.direction = PageCursor::Direction::kOlder,
          .from = std::max<std::int64_t>(sequence + newer, size) + 1};
}

// The comment that the page is asked for around, by its canonical name; empty: none.
absl::StatusOr<std::string> AroundOf(const ThreadPageRequest& request) {
  if (request.around_comment_id.empty()) return std::string();
  if (!request.page_token.empty()) {
    return InvalidField("around_comment_id", "must be empty when there is a page_token");
  }
  if (request.around_comment_id == kFirstComment) return std::string(kFirstComment);
  absl::StatusOr<std::string> canonical = CanonicalCommentId(request.around_comment_id);
  if (!canonical.ok()) return InField("around_comment_id", canonical.status());
  return canonical;
}

absl::Status FreshnessTokenInvalid() {
  return InvalidField("at_least_as_fresh", "is not a token of this event log",
                      "CONSISTENCY_TOKEN_INVALID");
}

// The position that an answer must include; 0 when the caller asks for none.
absl::StatusOr<std::int64_t> PositionOf(const std::string& token, const CallContext& call,
                                        const EventLog& events) {
  if (token.empty()) return 0;
  const absl::StatusOr<LogPoint> point = ParseConsistencyToken(
      token, TokenScope(call.caller), "at_least_as_fresh", "CONSISTENCY_TOKEN_INVALID");
  if (!point.ok()) return point.status();
  if (point->log_id != events.id()) return FreshnessTokenInvalid();
  return point->position;
}

}  // namespace

void CommentListing::ListThread(const CallContext& call, ThreadPageRequest request,
                                Answer<EncodedPage> answer) {
  const absl::StatusOr<int> page_size = PageSize(request.page_size);
  if (!page_size.ok()) return answer(page_size.status());
  const absl::StatusOr<std::int64_t> at_least =
      PositionOf(request.at_least_as_fresh, call, events_);
  if (!at_least.ok()) return answer(at_least.status());
  absl::StatusOr<std::string> around = AroundOf(request);
  if (!around.ok()) return answer(around.status());
  if (request.page_token.empty() && around->empty()) {
    EncodedPage page = CachedPage(call, request.invoice_id, *page_size, *at_least);
    if (page != nullptr) return answer(std::move(page));
  }
  auto read = [this, call, page_size = *page_size, at_least = *at_least,
               page_token = std::move(request.page_token), around = *std::move(around),
               answer = std::move(answer)](absl::StatusOr<std::string> invoice_id) mutable {
    if (!invoice_id.ok()) return answer(invoice_id.status());
    ThreadQuery query{{.org_id = call.caller.org_id,
                       .invoice_id = *std::move(invoice_id),
                       .page_size = page_size,
                       .page_token = std::move(page_token)},
                      std::string(TokenScope(call.caller)),
                      std::move(around),
                      at_least};
    if (EncodedPage page = WholePage(query); page != nullptr) return answer(std::move(page));
    const absl::StatusOr<PageCursor> cursor =
        ParseCursorToken(query.page_token, {kThreadListing, query.org_id, query.invoice_id});
    if (!cursor.ok()) return answer(cursor.status());
    query.cursor = *cursor;
    if (EncodedPage page = KnownPage(query); page != nullptr) return answer(std::move(page));
    ReadThread(call, std::move(query), std::move(answer));
  };
  invoices_.Find(call, std::move(request.invoice_id), std::move(read));
}

// Whether what is kept in memory is current enough for a reader.
bool CommentListing::IsCurrent(std::int64_t at_least) const {
  return feed_.IsCurrent(kPageAgeMax) && (at_least == 0 || feed_.end() >= at_least);
}

// The id of a cached page is one that threads are stored under, so it needs no looking up.
EncodedPage CommentListing::CachedPage(const CallContext& call, std::string_view invoice_id,
                                       int page_size, std::int64_t at_least) const {
  if (!IsCurrent(at_least)) return nullptr;
  return pages_.Find({call.caller.org_id, invoice_id, page_size});
}

EncodedPage CommentListing::WholePage(const ThreadQuery& query) const {
  if (query.page_token.empty() || !IsCurrent(query.at_least)) return nullptr;
  EncodedPage page = pages_.blocks().FindPage(query.thread(), query.page_size, query.page_token);
  if (page != nullptr) pages_.blocks().CountPage(true);
  return page;
}

// Which page one around a comment is only the database knows.
EncodedPage CommentListing::KnownPage(const ThreadQuery& query) const {
  if (query.newest() || !query.around.empty() || !IsCurrent(query.at_least)) return nullptr;
  EncodedPage page = PageFromBlocks(pages_.blocks(), query);
  pages_.blocks().CountPage(page != nullptr);
  return page;
}

void CommentListing::ReadThread(const CallContext& call, ThreadQuery query,
                                Answer<EncodedPage> answer) {
  // Before the read: what an older snapshot than this shows must not be kept.
  const bool newest = query.newest();
  const std::uint64_t generation = newest ? pages_.Generation(query.key()) : 0;
  BlocksOfSnapshot memory{pages_.blocks(), pages_.blocks().VersionOf(query.thread())};
  ReadValueThen(
      database_, call.deadline, Tenants::One(call.caller.org_id),
      [this, newest, generation, memory,
       query = std::move(query)](Connection& connection) mutable -> absl::StatusOr<EncodedPage> {
        const std::int64_t head = EventLog::HeadIn(connection);
        if (head < query.at_least) return FreshnessTokenInvalid();
        memory.told = feed_.end() >= head;
        if (query.around == kFirstComment) {
          query.cursor = CursorAround(1, query.page_size);
        } else if (!query.around.empty()) {
          const auto middle = LookUpComment(connection, query.org_id, query.invoice_id,
                                            query.around, "around_comment_id");
          if (!middle.ok()) return middle.status();
          query.cursor = CursorAround(middle->comment.sequence, query.page_size);
        }
        const auto token = [&] {
          return MakeConsistencyToken({.log_id = events_.id(), .position = head}, query.scope);
        };
        EncodedPage page = ReadThreadPage(connection, query, token, newest ? nullptr : &memory);
        if (newest) pages_.Insert(query.key(), generation, page);
        return page;
      },
      std::move(answer));
}

void CommentListing::GetThread(const CallContext& call, ThreadRequest request,
                               Answer<ThreadAnswer> answer) {
  const absl::StatusOr<std::int64_t> at_least =
      PositionOf(request.at_least_as_fresh, call, events_);
  if (!at_least.ok()) return answer(at_least.status());
  auto read = [this, call, at_least = *at_least,
               answer = std::move(answer)](absl::StatusOr<std::string> invoice_id) mutable {
    if (!invoice_id.ok()) return answer(invoice_id.status());
    ReadValueThen(
        database_, call.deadline, Tenants::One(call.caller.org_id),
        [at_least, org_id = call.caller.org_id,
         thread = *std::move(invoice_id)](Connection& connection) -> absl::StatusOr<ThreadAnswer> {
          if (EventLog::HeadIn(connection) < at_least) return FreshnessTokenInvalid();
          return ThreadAnswer{.invoice_id = thread,
                              .thread = marginalia::ReadThread(connection, org_id, thread)};
        },
        std::move(answer));
  };
  invoices_.Find(call, std::move(request.invoice_id), std::move(read));
}

}  // namespace marginalia
