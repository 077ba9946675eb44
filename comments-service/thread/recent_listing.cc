#include "comments-service/thread/recent_listing.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "comments-service/audit/audit_log.h"
#include "comments-service/readers/read_mark_store.h"
#include "comments-service/thread/page_cursor.h"
#include "comments-service/thread/store/page_store.h"
#include "comments-service/thread/thread_page.h"
#include "comments-service/thread/wire/comment_wire.h"
#include "services/storage/read_value.h"
#include "services/tokens/consistency_token.h"
#include "services/tokens/page_token.h"

namespace marginalia {

struct RecentListing::Query {
  std::string org_id;
  std::string user_id;
  bool mentions_only = false;
  bool by_person = false;
  std::string scope;
  int page_size = 0;
  PageCursor cursor;
};

namespace {

constexpr std::string_view kRecentListing = "ListRecentComments";
constexpr std::string_view kMentionListing = "ListRecentComments mentioning";

// Rows come newest first from older pages, oldest first from newer ones; pages are newest first.
template <class Rows, class Append>
void AppendNewestFirst(const Rows& rows, std::size_t count, PageCursor::Direction direction,
                       Append append) {
  for (std::size_t i = 0; i < count; ++i) {
    append(direction == PageCursor::Direction::kOlder ? i : count - 1 - i);
  }
}

// The threads of the first `count` comments, each once.
std::vector<std::string> ThreadsOf(const RecentRows& rows, std::size_t count) {
  std::vector<std::string> threads(rows.invoice_ids.begin(),
                                   rows.invoice_ids.begin() + static_cast<std::ptrdiff_t>(count));
  std::sort(threads.begin(), threads.end());
  threads.erase(std::unique(threads.begin(), threads.end()), threads.end());
  return threads;
}

PageSpan SpanOf(const std::vector<std::int64_t>& keys, std::size_t count,
                PageCursor::Direction direction) {
  const bool older = direction == PageCursor::Direction::kOlder;
  return PageSpan{.newest = older ? keys.front() : keys[count - 1],
                  .oldest = older ? keys[count - 1] : keys.front()};
}

}  // namespace

void RecentListing::List(const CallContext& call, RecentPageRequest request,
                         Answer<EncodedPage> answer) {
  const absl::StatusOr<int> page_size = PageSize(request.page_size);
  if (!page_size.ok()) return answer(page_size.status());
  const bool mentions_only = request.mentioning_me;
  const absl::StatusOr<PageCursor> cursor =
      mentions_only ? ParseCursorToken(request.page_token,
                                       {kMentionListing, call.caller.org_id, call.caller.user_id})
                    : ParseCursorToken(request.page_token, {kRecentListing, call.caller.org_id});
  if (!cursor.ok()) return answer(cursor.status());
  Query query{.org_id = call.caller.org_id,
              .user_id = call.caller.user_id,
              .mentions_only = mentions_only,
              .by_person = call.caller.role != Role::kService,
              .scope = std::string(TokenScope(call.caller)),
              .page_size = *page_size,
              .cursor = *cursor};
  ReadValueThen(
      database_, call.deadline, Tenants::One(call.caller.org_id),
      [this, query = std::move(query)](Connection& connection) { return Page(connection, query); },
      std::move(answer));
}

EncodedPage RecentListing::Page(Connection& connection, const Query& query) const {
  const auto direction = query.cursor.direction;
  const bool older = direction == PageCursor::Direction::kOlder;
  // One row more than the page tells whether older ones follow.
  const RecentRows& rows =
      query.mentions_only
          ? (older ? ReadOlderMentions : ReadNewerMentions)(connection, query.org_id, query.user_id,
                                                            query.cursor.from, query.page_size + 1)
          : (older ? ReadOlderRecentComments : ReadNewerRecentComments)(
                connection, query.org_id, query.cursor.from, query.page_size + 1);
  const std::size_t count = std::min(rows.size(), static_cast<std::size_t>(query.page_size));
  auto page = std::make_shared<std::string>();
  AppendNewestFirst(rows, count, direction,
                    [&](std::size_t row) { AppendPageComment(*page, rows.View(row)); });
  PageSpan span;
  if (count > 0) {
    span = SpanOf(rows.positions, count, direction);
    // A newer page was asked for from an older item, which is still there.
    span.more_older = older ? rows.size() > count : true;
  }
  const PageSpan* const shown = count > 0 ? &span : nullptr;
  PageTokens tokens =
      query.mentions_only
          ? TokensOf(query.cursor, shown, {kMentionListing, query.org_id, query.user_id})
          : TokensOf(query.cursor, shown, {kRecentListing, query.org_id});
  PageTail tail{
      .next_page_token = std::move(tokens.next),
      .previous_page_token = std::move(tokens.previous),
      .consistency_token = MakeConsistencyToken(
          {.log_id = events_.id(), .position = EventLog::HeadIn(connection)}, query.scope)};
  if (!query.mentions_only) {
    const AuditHead head = ReadAuditHead(connection, query.org_id);
    tail.total_size = head.entry_count - head.change_count;
  }
  AppendPageTail(*page, tail);
  if (!query.by_person) return page;
  for (const ReadState& state :
       ReadReadStates(connection, query.org_id, query.user_id, ThreadsOf(rows, count))) {
    AppendReadState(*page, state);
  }
  return page;
}

}  // namespace marginalia
