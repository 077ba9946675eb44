#include "comments-service/audit/audit_listing.h"

#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "comments-service/audit/audit_store.h"
#include "comments-service/thread/comment.h"
#include "services/errors/errors.h"
#include "services/storage/read_value.h"
#include "services/tokens/page_token.h"

namespace marginalia {
namespace {

constexpr std::string_view kListing = "ListAuditEntries";

bool Matches(const AuditEntry& entry, const AuditFilter& filter) {
  return (filter.invoice_id.empty() || filter.invoice_id == entry.invoice_id) &&
         (filter.actor_id.empty() || filter.actor_id == entry.actor_id) &&
         entry.create_time >= filter.start && entry.create_time < filter.end;
}

// The position that a page begins after, as the token says it; bound to the tenant and the filters.
struct PagePlace {
  PagePlace(std::string_view org, const AuditFilter& filter)
      : org_id(org),
        invoice_id(filter.invoice_id),
        actor_id(filter.actor_id),
        times(absl::StrCat(absl::ToUnixMicros(filter.start), " ", absl::ToUnixMicros(filter.end))) {
  }

  std::string Token(std::int64_t position) const {
    return MakePageToken(std::to_string(position), {kListing, org_id, invoice_id, actor_id, times});
  }

  absl::StatusOr<std::int64_t> Parse(const std::string& token) const {
    if (token.empty()) return 0;
    const absl::StatusOr<std::string> text =
        ParsePageToken(token, {kListing, org_id, invoice_id, actor_id, times});
    if (!text.ok()) return text.status();
    std::int64_t position = 0;
    if (absl::SimpleAtoi(*text, &position) && position > 0) return position;
    return InvalidField("page_token", "is not one of this listing", "PAGE_TOKEN_INVALID");
  }

  std::string org_id;
  std::string invoice_id;
  std::string actor_id;
  std::string times;
};

AuditPage Scan(Connection& connection, const PagePlace& place, const AuditFilter& filter,
               std::int64_t after, std::size_t page_size) {
  std::vector<StoredEntry> entries =
      ReadStoredEntries(connection, place.org_id, after, kAuditScanMax);
  AuditPage page;
  const bool whole_log_read = entries.size() < static_cast<std::size_t>(kAuditScanMax);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    AuditEntry& entry = entries[i].entry;
    after = entry.position;
    if (Matches(entry, filter)) page.entries.push_back(std::move(entry));
    const bool last = whole_log_read && i + 1 == entries.size();
    if (page.entries.size() == page_size && !last) {
      page.next_page_token = place.Token(after);
      return page;
    }
  }
  if (!whole_log_read) page.next_page_token = place.Token(after);
  return page;
}

}  // namespace

void AuditListing::List(const CallContext& call, AuditPageRequest request,
                        Answer<AuditPage> answer) {
  if (!request.filter.actor_id.empty()) {
    const absl::Status checked = InField("actor_id", CheckUserId(request.filter.actor_id));
    if (!checked.ok()) return answer(checked);
  }
  if (request.filter.invoice_id.empty()) {
    return Read(call, std::move(request), std::move(answer));
  }
  std::string invoice_id = request.filter.invoice_id;
  auto read = [this, call, request = std::move(request),
               answer = std::move(answer)](absl::StatusOr<std::string> thread) mutable {
    if (!thread.ok()) return answer(thread.status());
    request.filter.invoice_id = *std::move(thread);
    Read(call, std::move(request), std::move(answer));
  };
  invoices_.Find(call, std::move(invoice_id), std::move(read));
}

void AuditListing::Read(const CallContext& call, AuditPageRequest request,
                        Answer<AuditPage> answer) {
  const absl::StatusOr<int> page_size = PageSize(request.page_size);
  if (!page_size.ok()) return answer(page_size.status());
  const PagePlace place(call.caller.org_id, request.filter);
  const absl::StatusOr<std::int64_t> after = place.Parse(request.page_token);
  if (!after.ok()) return answer(after.status());
  ReadValueThen(
      database_, call.deadline, Tenants::One(call.caller.org_id),
      [place, filter = std::move(request.filter), after = *after,
       page_size = static_cast<std::size_t>(*page_size)](Connection& connection) {
        return Scan(connection, place, filter, after, page_size);
      },
      std::move(answer));
}

}  // namespace marginalia
