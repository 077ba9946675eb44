#include "comments-service/thread/comment_listing.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "comments-service/audit/audit_log.h"
#include "comments-service/readers/read_mark_store.h"
#include "comments-service/thread/store/comment_store.h"
#include "comments-service/thread/store/page_store.h"
#include "comments-service/thread/thread_counts_cursor.h"
#include "comments-service/thread/thread_page.h"
#include "comments-service/thread/wire/comment_wire.h"
#include "services/errors/errors.h"
#include "services/process/stopwatch.h"
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

struct CommentListing::RecentQuery {
  std::string org_id;
  std::string user_id;
  bool mentions_only = false;
  bool by_person = false;
  std::string scope;
  int page_size = 0;
  PageCursor cursor;
};

struct CommentListing::CountsQuery {
  // The caller's tenant; empty: all.
  std::string scope;
  int page_size = 0;
  ThreadCountsCursor cursor;
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

// Leads to the page of `size` places in whose middle `sequence` stands. At the oldest end it begins
// further up, so that it is full; at the newest, what there is fills it.
PageCursor CursorAround(std::int64_t sequence, int size) {
  const std::int64_t newer = size / 2;
  return {.direction = PageCursor::Direction::kOlder,
          .from = std::max<std::int64_t>(sequence + newer, size) + 1};
}

absl::Status CommentNotFound() {
  return Refusal(absl::StatusCode::kNotFound, "COMMENT_NOT_FOUND",
                 "the invoice has no such comment: check around_comment_id");
}

absl::Time TimeOrNever(std::int64_t micros) {
  return micros == 0 ? absl::InfinitePast() : absl::FromUnixMicros(micros);
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

// Runs `read` on a reading connection and answers with what it returns.
template <class T, class Query>
void ReadAnswer(Database& database, SteadyTime deadline, Tenants tenants, Query query,
                absl::AnyInvocable<T(Connection&, const Query&)> read, Answer<T> answer) {
  auto result = std::make_unique<std::optional<T>>();
  std::optional<T>* const slot = result.get();
  database.ReadThen(
      deadline, std::move(tenants),
      [slot, query = std::move(query), read = std::move(read)](Connection& connection) mutable {
        slot->emplace(read(connection, query));
        return absl::OkStatus();
      },
      [result = std::move(result), answer = std::move(answer)](const absl::Status& status) mutable {
        if (!status.ok()) return answer(status);
        answer(*std::move(*result));
      });
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
  auto page = std::make_unique<EncodedPage>();
  EncodedPage* const slot = page.get();
  database_.ReadThen(
      call.deadline, Tenants::One(call.caller.org_id),
      [this, slot, newest, generation, memory,
       query = std::move(query)](Connection& connection) mutable {
        const std::int64_t head = EventLog::HeadIn(connection);
        if (head < query.at_least) return FreshnessTokenInvalid();
        memory.told = feed_.end() >= head;
        if (query.around == kFirstComment) {
          query.cursor = CursorAround(1, query.page_size);
        } else if (!query.around.empty()) {
          const auto middle = FindComment(connection, query.org_id, query.around);
          if (!middle || middle->comment.invoice_id != query.invoice_id) return CommentNotFound();
          query.cursor = CursorAround(middle->comment.sequence, query.page_size);
        }
        const auto token = [&] { return TokenAt(head, query.scope); };
        *slot = ReadThreadPage(connection, query, token, newest ? nullptr : &memory);
        if (newest) pages_.Insert(query.key(), generation, *slot);
        return absl::OkStatus();
      },
      [page = std::move(page), answer = std::move(answer)](const absl::Status& status) mutable {
        if (!status.ok()) return answer(status);
        answer(*std::move(page));
      });
}

void CommentListing::GetThread(const CallContext& call, ThreadRequest request,
                               Answer<ThreadAnswer> answer) {
  const absl::StatusOr<std::int64_t> at_least =
      PositionOf(request.at_least_as_fresh, call, events_);
  if (!at_least.ok()) return answer(at_least.status());
  auto read = [this, call, at_least = *at_least,
               answer = std::move(answer)](absl::StatusOr<std::string> invoice_id) mutable {
    if (!invoice_id.ok()) return answer(invoice_id.status());
    auto found = std::make_shared<ThreadAnswer>(ThreadAnswer{.invoice_id = *std::move(invoice_id)});
    database_.ReadThen(
        call.deadline, Tenants::One(call.caller.org_id),
        [found, at_least, org_id = call.caller.org_id](Connection& connection) {
          if (EventLog::HeadIn(connection) < at_least) return FreshnessTokenInvalid();
          found->thread = marginalia::ReadThread(connection, org_id, found->invoice_id);
          return absl::OkStatus();
        },
        [found, answer = std::move(answer)](const absl::Status& status) mutable {
          if (!status.ok()) return answer(status);
          answer(std::move(*found));
        });
  };
  invoices_.Find(call, std::move(request.invoice_id), std::move(read));
}

void CommentListing::ListRecent(const CallContext& call, RecentPageRequest request,
                                Answer<EncodedPage> answer) {
  const absl::StatusOr<int> page_size = PageSize(request.page_size);
  if (!page_size.ok()) return answer(page_size.status());
  const bool mentions_only = request.mentioning_me;
  const absl::StatusOr<PageCursor> cursor =
      mentions_only ? ParseCursorToken(request.page_token,
                                       {kMentionListing, call.caller.org_id, call.caller.user_id})
                    : ParseCursorToken(request.page_token, {kRecentListing, call.caller.org_id});
  if (!cursor.ok()) return answer(cursor.status());
  ReadAnswer<EncodedPage, RecentQuery>(
      database_, call.deadline, Tenants::One(call.caller.org_id),
      RecentQuery{.org_id = call.caller.org_id,
                  .user_id = call.caller.user_id,
                  .mentions_only = mentions_only,
                  .by_person = call.caller.role != Role::kService,
                  .scope = std::string(TokenScope(call.caller)),
                  .page_size = *page_size,
                  .cursor = *cursor},
      [this](Connection& connection, const RecentQuery& query) {
        return RecentPage(connection, query);
      },
      std::move(answer));
}

EncodedPage CommentListing::RecentPage(Connection& connection, const RecentQuery& query) const {
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
  PageTail tail{.next_page_token = std::move(tokens.next),
                .previous_page_token = std::move(tokens.previous),
                .consistency_token = TokenAt(EventLog::HeadIn(connection), query.scope)};
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

void CommentListing::ListThreadCounts(const CallContext& call, ListPageRequest request,
                                      Answer<ThreadCountsPage> answer) {
  const absl::StatusOr<int> page_size = PageSize(request.page_size, kThreadCountsPageMax);
  if (!page_size.ok()) return answer(page_size.status());
  absl::StatusOr<ThreadCountsCursor> cursor =
      ParseThreadCountsCursor(request.page_token, events_.id(), TokenScope(call.caller));
  if (!cursor.ok()) return answer(cursor.status());
  const Caller& caller = call.caller;
  ReadAnswer<ThreadCountsPage, CountsQuery>(
      database_, call.deadline,
      caller.acts_for_all_tenants() ? Tenants::All() : Tenants::One(caller.org_id),
      CountsQuery{.scope = std::string(TokenScope(call.caller)),
                  .page_size = *page_size,
                  .cursor = *std::move(cursor)},
      [this](Connection& connection, const CountsQuery& query) {
        return CountsPage(connection, query);
      },
      std::move(answer));
}

ThreadCountsPage CommentListing::CountsPage(Connection& connection,
                                            const CountsQuery& query) const {
  const std::int64_t as_of = query.cursor.as_of.value_or(EventLog::HeadIn(connection));
  const ThreadCountsCursor& from = query.cursor;
  const ThreadCountRows& rows =
      query.scope.empty()
          ? ReadThreadCounts(connection, from.org_id, from.invoice_id, query.page_size + 1)
          : ReadThreadCountsOf(connection, query.scope, from.invoice_id, query.page_size + 1);
  const std::size_t count = std::min(rows.size(), static_cast<std::size_t>(query.page_size));
  ThreadCountsPage page;
  page.counts.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    page.counts.push_back({.org_id = rows.org_ids[i],
                           .invoice_id = rows.invoice_ids[i],
                           .comment_count = rows.counts[i],
                           .last_comment_time = TimeOrNever(rows.last_comment_times[i]),
                           .last_author_name = rows.last_author_names[i],
                           .resolved = rows.resolved[i] != 0,
                           .state_time = TimeOrNever(rows.state_times[i]),
                           .revision = rows.revisions[i]});
  }
  if (rows.size() > count) {
    page.next_page_token = MakeThreadCountsToken({.org_id = page.counts.back().org_id,
                                                  .invoice_id = page.counts.back().invoice_id,
                                                  .as_of = as_of},
                                                 events_.id(), query.scope);
  }
  page.as_of_token = TokenAt(as_of, query.scope);
  return page;
}

std::string CommentListing::TokenAt(std::int64_t position, std::string_view scope) const {
  return MakeConsistencyToken({.log_id = events_.id(), .position = position}, scope);
}

}  // namespace marginalia
