#include "gateway/pages/views/summary_view.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/http/percent_encoding.h"
#include "gateway/pages/frame/page_address.h"
#include "gateway/pages/views/count_text.h"
#include "gateway/pages/views/money.h"
#include "gateway/pages/views/page_time.h"
#include "gateway/pages/views/status_changes.h"
#include "services/text/timestamp.h"

namespace marginalia {
namespace {

using comments::v1::Comment;
using invoices::v1::GetInvoiceResponse;
using invoices::v1::Invoice;
using invoices::v1::InvoiceStatus;
using invoices::v1::InvoiceSummary;

// While the events flow, counts are never older than this.
constexpr absl::Duration kCountAgeToldMin = absl::Minutes(1);

struct StatusWords {
  const char* css_class;
  const char* name;
  // The name with what it means, for whoever looks at this invoice alone.
  std::string words;
};

std::string InDays(std::int64_t days) { return absl::StrCat(days, days == 1 ? " day" : " days"); }

StatusWords SentWords(std::string_view due_date, absl::Time now) {
  const std::optional<std::int64_t> left = DaysUntil(due_date, now);
  if (!left) return {"sent", "Sent", "Sent, waiting for payment"};
  if (*left < 0) return {"overdue", "Overdue", "Overdue by " + InDays(-*left)};
  if (*left == 0) return {"sent", "Sent", "Sent, due today"};
  return {"sent", "Sent", "Sent, due in " + InDays(*left)};
}

StatusWords WordsOf(InvoiceStatus status, std::string_view due_date, absl::Time now) {
  switch (status) {
    case invoices::v1::INVOICE_STATUS_DRAFT:
      return {"draft", "Draft", "Draft, not sent yet"};
    case invoices::v1::INVOICE_STATUS_SENT:
      return SentWords(due_date, now);
    case invoices::v1::INVOICE_STATUS_PAID:
      return {"paid", "Paid", "Paid, nothing is due"};
    case invoices::v1::INVOICE_STATUS_VOID:
      return {"void", "Void", "Void, nothing is due"};
    default:
      return {"unknown", "Unknown", "Its status is not known here"};
  }
}

void AddStatus(PageData& data, InvoiceStatus status, std::string_view due_date, absl::Time now) {
  StatusWords words = WordsOf(status, due_date, now);
  data["status_class"] = words.css_class;
  data["status_name"] = words.name;
  data["status_words"] = std::move(words.words);
}

// What the total is to whoever reads: owed only once the invoice is sent, and until it is paid.
const char* TotalLabel(InvoiceStatus status) {
  return status == invoices::v1::INVOICE_STATUS_SENT ? "Amount due" : "Total";
}

void AddLast(PageData& data, const InvoiceSummary& summary, absl::Time now) {
  data["last"] = summary.has_last_comment_time();
  if (!summary.has_last_comment_time()) return;
  const absl::Time time = TimeOf(summary.last_comment_time());
  data["last_author"] = summary.last_author_name();
  data["last_time"] = MachineTime(time);
  data["last_exact"] = ExactTime(time);
  data["last_ago"] = RelativeTime(time, now);
}

// Empty for a text that is no address: then it is not shown as one.
std::string MailAddress(const std::string& email) {
  const std::size_t at = email.rfind('@');
  if (at == email.npos) return "";
  return "mailto:" + PercentEncode(email.substr(0, at)) + "@" + PercentEncode(email.substr(at + 1));
}

void AddCountOrDash(PageData& data, std::optional<std::int64_t> count) {
  if (count.has_value()) return AddCount(data, *count);
  data["count_words"] = "\u2014";
}

PageData LinesOf(const Invoice& invoice) {
  PageList lines;
  lines.reserve(static_cast<std::size_t>(invoice.line_items_size()));
  for (const auto& item : invoice.line_items()) {
    PageData line;
    line["line_description"] = item.description();
    line["line_quantity"] = item.quantity();
    line["line_amount"] = AmountText(item.amount(), invoice.currency());
    lines.push_back(std::move(line));
  }
  return PageData(lines);
}

}  // namespace

PageData SummaryData(const GetInvoiceResponse& answer, std::optional<std::int64_t> count,
                     absl::Time now) {
  const Invoice& invoice = answer.invoice();
  PageData data;
  AddStatus(data, invoice.status(), invoice.due_date(), now);
  data["total_label"] = TotalLabel(invoice.status());
  data["due_day"] = invoice.due_date();
  data["due_text"] = LongDay(invoice.due_date());
  if (!invoice.terms().empty()) data["terms"] = invoice.terms();
  data["customer_name"] = invoice.customer().name();
  if (const std::string mail = MailAddress(invoice.customer().email()); !mail.empty()) {
    data["mail_href"] = mail;
    data["customer_email"] = invoice.customer().email();
  }
  data["lines"] = LinesOf(invoice);
  data["total"] = MoneyText(invoice.total(), invoice.currency());
  if (count) AddCount(data, *count);
  data["status_changes"] = PageData(StatusLines(invoice, now));
  return data;
}

PageData SummaryRow(const InvoiceSummary& summary, const comments::v1::ReadState* read_state,
                    absl::Time now) {
  PageData row;
  row["number"] = summary.number();
  row["invoice_href"] = InvoicePath(summary.number(), summary.invoice_id());
  row["customer_name"] = summary.customer_name();
  row["total"] = MoneyText(summary.total(), summary.currency());
  AddStatus(row, summary.status(), summary.due_date(), now);
  row["due_day"] = summary.due_date();
  row["due_text"] = ShortDay(summary.due_date());
  AddCountOrDash(row, CountOf(summary));
  row["is_resolved"] = summary.thread_state() == comments::v1::THREAD_STATE_RESOLVED;
  AddLast(row, summary, now);
  if (read_state != nullptr && read_state->unread_count() > 0) {
    row["unread_words"] = UnreadWords(read_state->unread_count());
    row["mentions_me"] = read_state->mentioned();
  }
  return row;
}

void AddCount(PageData& data, std::int64_t count) {
  data["has_count"] = true;
  data["count_digits"] = absl::StrCat(count);
  data["count_number"] = CountNumber(count);
  data["count_words"] = CountWords(count);
}

std::optional<std::int64_t> CountOf(const InvoiceSummary& summary) {
  if (!summary.has_comment_count()) return std::nullopt;
  return summary.comment_count();
}

std::string CountAge(const invoices::v1::Freshness& freshness, absl::Time now) {
  return RelativeTime(now - absl::Seconds(freshness.lag().seconds()), now);
}

bool CountsAreOld(const invoices::v1::Freshness& freshness) {
  return absl::Seconds(freshness.lag().seconds()) >= kCountAgeToldMin;
}

}  // namespace marginalia
