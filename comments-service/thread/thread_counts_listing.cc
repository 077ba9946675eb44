#include "comments-service/thread/thread_counts_listing.h"

#include <algorithm>
#include <utility>

#include "comments-service/thread/store/page_store.h"
#include "comments-service/thread/thread_counts_cursor.h"
#include "services/storage/read_value.h"
#include "services/tokens/consistency_token.h"
#include "services/tokens/page_token.h"

namespace marginalia {

struct ThreadCountsListing::Query {
  // The caller's tenant; empty: all.
  std::string scope;
  int page_size = 0;
  ThreadCountsCursor cursor;
};

namespace {

absl::Time TimeOrNever(std::int64_t micros) {
  return micros == 0 ? absl::InfinitePast() : absl::FromUnixMicros(micros);
}

}  // namespace

void ThreadCountsListing::List(const CallContext& call, ThreadCountsRequest request,
                               Answer<ThreadCountsPage> answer) {
  const absl::StatusOr<int> page_size = PageSize(request.page_size, kThreadCountsPageMax);
  if (!page_size.ok()) return answer(page_size.status());
  absl::StatusOr<ThreadCountsCursor> cursor =
      ParseThreadCountsCursor(request.page_token, events_.id(), TokenScope(call.caller));
  if (!cursor.ok()) return answer(cursor.status());
  const Caller& caller = call.caller;
  Query query{.scope = std::string(TokenScope(call.caller)),
              .page_size = *page_size,
              .cursor = *std::move(cursor)};
  ReadValueThen(
      database_, call.deadline,
      caller.acts_for_all_tenants() ? Tenants::All() : Tenants::One(caller.org_id),
      [this, query = std::move(query)](Connection& connection) { return Page(connection, query); },
      std::move(answer));
}

ThreadCountsPage ThreadCountsListing::Page(Connection& connection, const Query& query) const {
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
  page.as_of_token = MakeConsistencyToken({.log_id = events_.id(), .position = as_of}, query.scope);
  return page;
}

}  // namespace marginalia
