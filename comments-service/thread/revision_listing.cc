#include "comments-service/thread/revision_listing.h"

#include <utility>

#include "comments-service/thread/comment_lookup.h"
#include "comments-service/thread/page_cursor.h"
#include "comments-service/thread/store/comment_store.h"
#include "services/errors/errors.h"
#include "services/storage/read_value.h"
#include "services/tokens/page_token.h"

namespace marginalia {
namespace {

constexpr std::string_view kListing = "ListCommentRevisions";

struct Query {
  std::string org_id;
  std::string invoice_id;
  std::string comment_id;
  bool by_admin = false;
  int page_size = 0;
  std::int64_t after = 0;
};

absl::Status OnlyForAdmins() {
  return Refusal(absl::StatusCode::kPermissionDenied, "ROLE_TOO_LOW",
                 "what a removed comment said is for admins");
}

// Of one that never changed: only its row says it.
Revision OnlyRevisionOf(const Comment& comment) {
  return {.revision = comment.revision,
          .body = comment.body,
          .editor = comment.author,
          .time = comment.edit_time.value_or(comment.create_time)};
}

absl::StatusOr<RevisionsPage> ReadPage(Connection& connection, const Query& query) {
  const absl::StatusOr<StoredComment> stored =
      LookUpComment(connection, query.org_id, query.invoice_id, query.comment_id);
  if (!stored.ok()) return stored.status();
  if (stored->comment.removal && !query.by_admin) return OnlyForAdmins();
  RevisionsPage page;
  page.revisions =
      ReadRevisions(connection, query.org_id, stored->position, query.after, query.page_size + 1);
  const bool unchanged = stored->comment.revision == 1 && !stored->comment.removal;
  if (unchanged && query.after == 0) page.revisions = {OnlyRevisionOf(stored->comment)};
  if (page.revisions.size() <= static_cast<std::size_t>(query.page_size)) return page;
  page.revisions.pop_back();
  page.next_page_token =
      MakeCursorToken({PageCursor::Direction::kNewer, page.revisions.back().revision},
                      {kListing, query.org_id, query.invoice_id, query.comment_id});
  return page;
}

}  // namespace

void RevisionListing::List(const CallContext& call, RevisionsRequest request,
                           Answer<RevisionsPage> answer) {
  const absl::StatusOr<int> page_size = PageSize(request.page_size);
  if (!page_size.ok()) return answer(page_size.status());
  absl::StatusOr<std::string> comment_id = CanonicalCommentId(request.comment_id);
  if (!comment_id.ok()) return answer(InField("comment_id", comment_id.status()));
  auto read = [this, call, page_size = *page_size, comment_id = *std::move(comment_id),
               page_token = std::move(request.page_token),
               answer = std::move(answer)](absl::StatusOr<std::string> invoice_id) mutable {
    if (!invoice_id.ok()) return answer(invoice_id.status());
    Query query{.org_id = call.caller.org_id,
                .invoice_id = *std::move(invoice_id),
                .comment_id = std::move(comment_id),
                .by_admin = call.caller.role == Role::kAdmin,
                .page_size = page_size};
    const absl::StatusOr<PageCursor> cursor =
        ParseCursorToken(page_token, {kListing, query.org_id, query.invoice_id, query.comment_id});
    if (!cursor.ok()) return answer(cursor.status());
    if (!page_token.empty()) query.after = cursor->from;
    ReadValueThen(
        database_, call.deadline, Tenants::One(call.caller.org_id),
        [query = std::move(query)](Connection& connection) { return ReadPage(connection, query); },
        std::move(answer));
  };
  invoices_.Find(call, std::move(request.invoice_id), std::move(read));
}

}  // namespace marginalia
