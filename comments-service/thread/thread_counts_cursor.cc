#include "comments-service/thread/thread_counts_cursor.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "comments-service/thread/comment.h"
#include "services/errors/errors.h"
#include "services/tokens/page_token.h"

namespace marginalia {
namespace {

constexpr std::string_view kListing = "ListThreadCounts";
// Neither a number nor an invoice id holds it; the tenant comes last and may.
constexpr char kSeparator = '/';

absl::Status NotOfThisListing() {
  return InvalidField("page_token", "is not one of this listing", "PAGE_TOKEN_INVALID");
}

}  // namespace

std::string MakeThreadCountsToken(const ThreadCountsCursor& cursor, std::string_view log_id,
                                  std::string_view scope) {
  std::string text = absl::StrCat(cursor.as_of.value_or(0));
  text += kSeparator;
  text += cursor.invoice_id;
  text += kSeparator;
  text += cursor.org_id;
  return MakePageToken(text, {kListing, log_id, scope});
}

absl::StatusOr<ThreadCountsCursor> ParseThreadCountsCursor(std::string_view token,
                                                           std::string_view log_id,
                                                           std::string_view scope) {
  if (token.empty()) return ThreadCountsCursor{};
  const absl::StatusOr<std::string> text = ParsePageToken(token, {kListing, log_id, scope});
  if (!text.ok()) return text.status();
  const std::size_t first = text->find(kSeparator);
  if (first == text->npos) return NotOfThisListing();
  const std::size_t second = text->find(kSeparator, first + 1);
  std::int64_t as_of = 0;
  if (second == text->npos || !absl::SimpleAtoi(text->substr(0, first), &as_of)) {
    return NotOfThisListing();
  }
  ThreadCountsCursor cursor{.org_id = text->substr(second + 1),
                            .invoice_id = text->substr(first + 1, second - first - 1),
                            .as_of = as_of};
  // The seal is no secret: anybody can put any bytes into a token.
  if (as_of < 0 || !CheckInvoiceId(cursor.invoice_id).ok() || !CheckUserId(cursor.org_id).ok()) {
    return NotOfThisListing();
  }
  return cursor;
}

}  // namespace marginalia
